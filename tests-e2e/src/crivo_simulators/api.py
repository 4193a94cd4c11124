"""GitHub's REST API as far as reviews need it, and `/_control` for what people do by hand."""

import base64
import json
from collections import deque
from typing import Any, TypeAlias, cast

from litestar import Litestar, MediaType, Request, Response, Router, get, patch, post
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig

from crivo_simulators import answers
from crivo_simulators.comments import comment_door
from crivo_simulators.diff_lines import patches_of
from crivo_simulators.faults import REMEMBERED, ASGIApp, Calls, Fault, Misbehaving
from crivo_simulators.host import CodeHost, shown_hook
from crivo_simulators.page import pull_request_page
from crivo_simulators.refusals import Refused, not_found

Json: TypeAlias = dict[str, Any]
AnyRequest: TypeAlias = Request[Any, Any, Any]
MOST_DIFF_LINES = 20_000
DIFF_TYPES = ("application/vnd.github.v3.diff", "application/vnd.github.diff")
RAW_TYPES = ("application/vnd.github.raw+json", "application/vnd.github.v3.raw")
HTTP_LIMIT = 60_000_000


def create_app(host: CodeHost, token: str) -> Misbehaving:
    """The application, in a layer that notes calls and misbehaves on demand."""

    def authenticated(connection: Any, _: Any) -> None:
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token") or given != token:
            raise Refused(401, "Bad credentials")

    faults: list[Fault] = []
    calls: Calls = deque(maxlen=REMEMBERED)
    control = Router(
        "/_control", route_handlers=[*_control(host, faults, calls), comment_door(host)]
    )
    application = Litestar(
        [
            Router("/", route_handlers=_repositories(host), guards=[authenticated]),
            Router("/", route_handlers=_reviews(host), guards=[authenticated]),
            Router("/", route_handlers=_checks(host), guards=[authenticated]),
            _page(host),
            control,
        ],
        exception_handlers={
            Refused: lambda _, refused: Response(
                refused.body, status_code=refused.status, headers=refused.headers
            ),
            HTTPException: lambda _, problem: Response(
                {"message": problem.detail}, status_code=problem.status_code
            ),
        },
        openapi_config=OpenAPIConfig(title="code host", version="2022-11-28"),
        request_max_body_size=HTTP_LIMIT,
    )
    # Litestar narrows the ASGI types to its own scope class.
    return Misbehaving(cast("ASGIApp", application), faults, calls)


async def _body(request: AnyRequest) -> Json:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def _pages(request: AnyRequest, items: list[Any]) -> Response[list[Any]]:
    """A page with its Link header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
    query = request.query_params
    size = min(max(int(query.get("per_page", 30)), 1), 100)
    page = max(int(query.get("page", 1)), 1)
    last = max(1, -(-len(items) // size))

    def link(number: int, relation: str) -> str:
        url = request.url.with_replacements(query=f"per_page={size}&page={number}")
        return f'<{url}>; rel="{relation}"'

    links = [link(page + 1, "next"), link(last, "last")] if page < last else []
    chosen = items[(page - 1) * size : page * size]
    return Response(chosen, headers={"Link": ", ".join(links)} if links else {})


def _repositories(host: CodeHost) -> list[Any]:
    @get("/repos/{owner:str}/{name:str}")
    async def repository(owner: str, name: str) -> Json:
        return answers.repository(host.catalogue.repository(f"{owner}/{name}"), host.url)

    @get("/repos/{owner:str}/{name:str}/hooks")
    async def hooks(request: AnyRequest, owner: str, name: str) -> Response[list[Any]]:
        known = host.catalogue.repository(f"{owner}/{name}")["hooks"]
        return _pages(request, [shown_hook(each) for each in known])

    @get("/repos/{owner:str}/{name:str}/contents/{path:path}")
    async def contents(request: AnyRequest, owner: str, name: str, path: str) -> Response[Any]:
        full_name, path = f"{owner}/{name}", str(path).removeprefix("/")
        known = host.catalogue.repository(full_name)
        git = host.catalogue.git(full_name)
        commit = await git.commit_of(request.query_params.get("ref") or known["default_branch"])
        content = await git.content(commit, path) if commit else None
        if content is None:
            raise not_found()
        if request.headers.get("accept") in RAW_TYPES:
            return Response(content, media_type="application/vnd.github.raw+json")
        encoded = base64.encodebytes(content).decode()
        said = {"type": "file", "path": path, "size": len(content), "encoding": "base64"}
        return Response({**said, "name": path.rpartition("/")[2], "content": encoded})

    @get("/repos/{owner:str}/{name:str}/pulls")
    async def pulls(request: AnyRequest, owner: str, name: str) -> Response[list[Any]]:
        known = host.catalogue.repository(f"{owner}/{name}")
        wanted = request.query_params.get("state", "open")
        found = [each for each in known["pulls"].values() if wanted in ("all", each["state"])]
        return _pages(
            request, [answers.pull_request(each, known, host.url) for each in reversed(found)]
        )

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}")
    async def pull(request: AnyRequest, owner: str, name: str, number: int) -> Response[Any]:
        full_name = f"{owner}/{name}"
        known, found = host.catalogue.repository(full_name), host.catalogue.pull(full_name, number)
        if request.headers.get("accept") not in DIFF_TYPES:
            return Response(answers.pull_request(found, known, host.url))
        diff = await host.catalogue.git(full_name).diff(found["base_sha"], found["head_sha"])
        if diff.count("\n") > MOST_DIFF_LINES:
            said = f"Sorry, the diff exceeded the maximum number of lines ({MOST_DIFF_LINES})"
            error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
            raise Refused(406, said, [error])
        return Response(diff, media_type="application/vnd.github.v3.diff; charset=utf-8")

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/files")
    async def files(request: AnyRequest, owner: str, name: str, number: int) -> Response[list[Any]]:
        full_name = f"{owner}/{name}"
        found, git = host.catalogue.pull(full_name, number), host.catalogue.git(full_name)
        between = found["base_sha"], found["head_sha"]
        patches = patches_of(await git.diff(*between))
        listed = []
        for each in await git.changes(*between):
            said: Json = {
                "filename": each.path,
                "status": each.status,
                "additions": each.additions,
                "deletions": each.deletions,
                "changes": each.additions + each.deletions,
            }
            if each.previous_path:
                said["previous_filename"] = each.previous_path
            if patches.get(each.path):
                said["patch"] = patches[each.path]
            listed.append(said)
        return _pages(request, listed)

    return [repository, hooks, contents, pulls, pull, files]


def _reviews(host: CodeHost) -> list[Any]:
    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/reviews")
    async def reviews(
        request: AnyRequest, owner: str, name: str, number: int
    ) -> Response[list[Any]]:
        full_name = f"{owner}/{name}"
        known, found = host.catalogue.repository(full_name), host.catalogue.pull(full_name, number)
        made = [answers.review(each, found, known, host.url) for each in found["reviews"]]
        return _pages(request, made)

    @post("/repos/{owner:str}/{name:str}/pulls/{number:int}/reviews", status_code=200)
    async def create(request: AnyRequest, owner: str, name: str, number: int) -> Json:
        return await host.create_review(f"{owner}/{name}", number, await _body(request))

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/comments")
    async def comments(
        request: AnyRequest, owner: str, name: str, number: int
    ) -> Response[list[Any]]:
        return _pages(request, host.catalogue.pull(f"{owner}/{name}", number)["comments"])

    return [reviews, create, comments]


def _checks(host: CodeHost) -> list[Any]:
    @post("/repos/{owner:str}/{name:str}/check-runs")
    async def create(request: AnyRequest, owner: str, name: str) -> Json:
        return await host.create_check_run(f"{owner}/{name}", await _body(request))

    @patch("/repos/{owner:str}/{name:str}/check-runs/{check_id:int}")
    async def update(request: AnyRequest, owner: str, name: str, check_id: int) -> Json:
        return await host.update_check_run(f"{owner}/{name}", check_id, await _body(request))

    @get("/repos/{owner:str}/{name:str}/commits/{ref:str}/check-runs")
    async def of_commit(request: AnyRequest, owner: str, name: str, ref: str) -> Json:
        known = host.catalogue.repository(f"{owner}/{name}")
        wanted = request.query_params.get("check_name")
        found = [
            answers.check_run(each, known, host.url)
            for each in known["check_runs"]
            if each["head_sha"] == ref and wanted in (None, each["name"])
        ]
        return {"total_count": len(found), "check_runs": found}

    return [create, update, of_commit]


def _page(host: CodeHost) -> Any:
    @get("/{owner:str}/{name:str}/pull/{number:int}", media_type=MediaType.HTML)
    async def page(owner: str, name: str, number: int) -> str:
        full_name = f"{owner}/{name}"
        pull = host.catalogue.pull(full_name, number)
        diff = await host.catalogue.git(full_name).diff(pull["base_sha"], pull["head_sha"])
        return pull_request_page(full_name, pull, diff)

    return page


def _control(host: CodeHost, faults: list[Fault], calls: Calls) -> list[Any]:
    async def taken(request: AnyRequest) -> tuple[str, Json]:
        body = await _body(request)
        return str(body.pop("repository", "")), body

    @post("/repositories")
    async def repositories(request: AnyRequest) -> Json:
        return await host.create_repository(**await _body(request))

    @post("/push")
    async def push(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.push(repository, **what)

    @post("/pull-requests")
    async def pull_requests(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.open_pull_request(repository, **what)

    @post("/pull-requests/{action:str}")
    async def change(request: AnyRequest, action: str) -> Json:
        repository, what = await taken(request)
        return await host.change_pull_request(repository, int(what["number"]), action)

    @post("/hooks")
    async def hooks(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.add_hook(repository, **what)

    @post("/redeliver")
    async def redeliver(request: AnyRequest) -> Json:
        return await host.webhooks.redeliver((await _body(request))["delivery_id"])

    @get("/deliveries")
    async def deliveries() -> list[Json]:
        return host.catalogue.deliveries

    @post("/faults")
    async def add_fault(request: AnyRequest) -> Json:
        faults.append(Fault(**await _body(request)))
        return {}

    @post("/clear-faults")
    async def clear_faults() -> Json:
        faults.clear()
        return {}

    @get("/calls")
    async def list_calls() -> list[Json]:
        return list(calls)

    return [
        repositories, push, pull_requests, change, hooks, redeliver, deliveries, add_fault,
        clear_faults, list_calls,
    ]  # fmt: skip
