"""Chat completions over HTTP, with `/_control` beside them."""

import asyncio
import hmac
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from litestar import Litestar, MediaType, Response, get, post
from litestar.exceptions import HTTPException

from crivo_simulators.model.asked import Asked, asked_of
from crivo_simulators.model.calls import REMEMBERED, Call, Calls
from crivo_simulators.model.completions import completion, said
from crivo_simulators.model.connection import ClientGone, HangUp, while_connected
from crivo_simulators.model.faults import PATH, ModelFault, fault_of, next_fault
from crivo_simulators.model.refusals import Refused, invalid
from crivo_simulators.requests import AnyRequest

Json: TypeAlias = dict[str, Any]
Answering: TypeAlias = Callable[[Asked], Awaitable[str]]
MODELS = ("crivo-large", "crivo-small")
HTTP_LIMIT = 60_000_000
PAGE = "<!doctype html><title>Sign in</title><h1>Please sign in to this network</h1>"
CLIENT_GONE = 499


class ModelApi:
    """`answering` is the model; everything around it is what a provider does."""

    def __init__(self, answering: Answering, api_key: str | None) -> None:
        self.faults: list[ModelFault] = []
        self.calls: Calls = deque(maxlen=REMEMBERED)
        self._answering = answering
        self._api_key = api_key

    def app(self) -> Litestar:
        @post(PATH, status_code=200)
        async def chat_completions(request: AnyRequest) -> Response[Any]:
            return await self._noted(request)

        @get("/v1/models")
        async def models(request: AnyRequest) -> Json:
            self._authenticate(request)
            return {"object": "list", "data": [_model(each) for each in MODELS]}

        @get("/health/ready")
        async def ready() -> Json:
            return {"status": "ready"}

        return Litestar(
            [chat_completions, models, ready, *self._control()],
            exception_handlers={Refused: _refused, HTTPException: _problem},
            openapi_config=None,
            request_max_body_size=HTTP_LIMIT,
        )

    def _control(self) -> list[Any]:
        @post("/_control/faults")
        async def add_fault(request: AnyRequest) -> Json:
            self.faults.append(fault_of(await _body_of(request)))
            return {}

        @post("/_control/clear-faults")
        async def clear_faults() -> Json:
            self.faults.clear()
            return {}

        @get("/_control/calls")
        async def list_calls() -> list[Json]:
            return [each.shown() for each in self.calls]

        return [add_fault, clear_faults, list_calls]

    async def _noted(self, request: AnyRequest) -> Response[Any]:
        """The answer, and an entry for it whatever it is."""
        call = Call()
        self.calls.append(call)
        try:
            return await self._answer(request, call)
        except Refused as refused:
            call.ends(f"refused: {refused.code or refused.status}", refused.status)
            raise
        except ClientGone:
            call.ends("client gone", CLIENT_GONE)
            raise Refused(CLIENT_GONE, "The client has gone.") from None

    async def _answer(self, request: AnyRequest, call: Call) -> Response[Any]:
        self._authenticate(request)
        asked = asked_of(await _body_of(request))
        call.reads(asked)
        fault = next_fault(self.faults, asked)
        if fault is None:
            content = await while_connected(request, self._content(asked))
            return _completed(asked, content, "", call)
        await while_connected(request, asyncio.sleep(fault.delay_seconds))
        if fault.spoils_the_answer and not fault.after:
            return _spoilt(fault, call)
        if fault.content is None:
            content = await while_connected(request, self._content(asked))
        else:
            content = fault.content
        completed = _completed(asked, content, fault.kind, call)
        return _spoilt(fault, call) if fault.spoils_the_answer else completed

    async def _content(self, asked: Asked) -> str:
        return await self._answering(asked)

    def _authenticate(self, request: AnyRequest) -> None:
        if self._api_key is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            said = "You didn't provide an API key in an Authorization header with Bearer auth."
            raise Refused(401, said)
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise Refused(401, "Incorrect API key provided.", code="invalid_api_key")


def _completed(asked: Asked, content: str, kind: str, call: Call) -> Response[Any]:
    what = said(asked, content, kind)
    call.completion_tokens = what.tokens
    call.ends("refusal" if what.refusal else what.finish_reason, 200)
    headers = {"x-request-id": f"req_{secrets.token_hex(12)}"}
    return Response(completion(asked, what), status_code=200, headers=headers)


def _spoilt(fault: ModelFault, call: Call) -> Response[Any]:
    """Instead of an answer, or of one that the model has made and that is lost."""
    if fault.drop:
        call.ends("hung up", 0)
        return HangUp()
    if fault.kind == "page":
        call.ends("page", 200)
        return Response(PAGE, media_type=MediaType.HTML, status_code=200)
    status = fault.status or 500
    call.ends(f"fault: {status}", status)
    code = "rate_limit_exceeded" if status == 429 else None
    body = Refused(status, fault.message, code=code).body
    return Response(body, status_code=status, headers=fault.headers)


async def _body_of(request: AnyRequest) -> Json:
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise invalid("This API method only accepts 'application/json' requests.", None)
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise invalid("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise invalid("The body of the request has to be a JSON object.")
    return body


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "crivo"}


def _refused(_: AnyRequest, refused: Refused) -> Response[Json]:
    return Response(refused.body, status_code=refused.status, headers=refused.headers)


def _problem(request: AnyRequest, problem: HTTPException) -> Response[Json]:
    said = problem.detail
    if problem.status_code in (404, 405):
        said = f"Invalid URL ({request.method} {request.url.path})"
    return _refused(request, Refused(problem.status_code, said))
