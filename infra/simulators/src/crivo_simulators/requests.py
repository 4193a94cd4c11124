"""What every endpoint does alike: read a JSON body, answer a list page by page."""

import json
from typing import Any, TypeAlias
from urllib.parse import urlencode

from litestar import Request, Response

from crivo_simulators.refusals import Refused

AnyRequest: TypeAlias = Request[Any, Any, Any]
DEFAULT_SIZE = 30
MAXIMUM_SIZE = 100


async def body_of(request: AnyRequest) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def page_of(request: AnyRequest, items: list[Any]) -> Response[list[Any]]:
    """A page with its Link header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
    size = min(_number(request, "per_page", DEFAULT_SIZE), MAXIMUM_SIZE)
    page = _number(request, "page", 1)
    last = max(1, -(-len(items) // size))

    def link(number: int, relation: str) -> str:
        query = {**dict(request.query_params), "per_page": str(size), "page": str(number)}
        url = request.url.with_replacements(query=urlencode(query))
        return f'<{url}>; rel="{relation}"'

    links = [link(page - 1, "prev")] if page > 1 else []
    links += [link(page + 1, "next"), link(last, "last")] if page < last else []
    links += [link(1, "first")] if page > 1 else []
    chosen = items[(page - 1) * size : page * size]
    return Response(chosen, headers={"Link": ", ".join(links)} if links else {})


def _number(request: AnyRequest, name: str, default: int) -> int:
    """GitHub does not complain of a number that is none; it takes its default."""
    given = request.query_params.get(name, "")
    return max(int(given), 1) if given.isascii() and given.isdigit() else default
