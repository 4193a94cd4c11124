"""GitHub's REST API as far as reviews need it."""

from collections import deque
from typing import Any, TypeAlias, cast

from litestar import Litestar, MediaType, Response, Router, get, patch, post
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.params import FromPath

from crivo_simulators import answers
from crivo_simulators.control import control
from crivo_simulators.diff_lines import patches_of
from crivo_simulators.faults import REMEMBERED, ASGIApp, Calls, Fault, Misbehaving
from crivo_simulators.host import CodeHost, shown_hook
from crivo_simulators.page import pull_request_page
from crivo_simulators.refusals import Refused, not_found, too_large
from crivo_simulators.requests import AnyRequest, body_of, page_of

Json: TypeAlias = dict[str, Any]
MOST_DIFF_LINES = 20_000
MOST_DIFF_FILES = 300
MOST_FILES = 3_000
DIFF_TYPES = ("application/vnd.github.v3.diff", "application/vnd.github.diff")
RAW_TYPES = (
    "application/vnd.github.raw+json",
    "application/vnd.github.raw",
    "application/vnd.github.v3.raw",
)
HTTP_LIMIT = 60_000_000


def create_app(host: CodeHost, token: str) -> Misbehaving:
    """The application, in a layer that notes calls and misbehaves on demand."""

    def authenticated(connection: Any, _: Any) -> None:
        if not connection.headers.get("user-agent"):
            raise Refused(403, "Request forbidden by administrative rules: no User-Agent header")
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if not given:
            raise Refused(401, "Requires authentication")
        if scheme.lower() not in ("bearer", "token"):
            raise Refused(401, "Bad credentials")
        if given != token:
            wanted = connection.path_params
            host.catalogue.require_sight(given, f"{wanted['owner']}/{wanted['name']}")

    faults: list[Fault] = []
    calls: Calls = deque(maxlen=REMEMBERED)
    application = Litestar(
        [
            Router("/", route_handlers=_repositories(host), guards=[authenticated]),
            Router("/", route_handlers=_reviews(host), guards=[authenticated]),
            Router("/", route_handlers=_checks(host), guards=[authenticated]),
            _page(host),
            Router("/_control", route_handlers=control(host, faults, calls)),
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


def _repositories(host: CodeHost) -> list[Any]:
    @get("/repos/{owner:str}/{name:str}")
    async def repository(owner: FromPath[str], name: FromPath[str]) -> Json:
        return answers.repository(host.catalogue.repository(f"{owner}/{name}"), host.url)

    @get("/repos/{owner:str}/{name:str}/hooks")
    async def hooks(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str]
    ) -> Response[list[Any]]:
        known = host.catalogue.repository(f"{owner}/{name}")["hooks"]
        return page_of(request, [shown_hook(each) for each in known])

    @get("/repos/{owner:str}/{name:str}/contents/{path:path}")
    async def contents(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], path: FromPath[str]
    ) -> Response[Any]:
        full_name, path = f"{owner}/{name}", str(path).removeprefix("/")
        known = host.catalogue.repository(full_name)
        git = host.catalogue.git(full_name)
        commit = await git.commit_of(request.query_params.get("ref") or known["default_branch"])
        content = await git.content(commit, path) if commit else None
        if content is None:
            raise not_found()
        if request.headers.get("accept") in RAW_TYPES:
            return Response(content, media_type="application/vnd.github.raw+json")
        return Response(answers.content(path, content))

    @get("/repos/{owner:str}/{name:str}/pulls")
    async def pulls(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str]
    ) -> Response[list[Any]]:
        known = host.catalogue.repository(f"{owner}/{name}")
        wanted = request.query_params.get("state", "open")
        found = [each for each in known["pulls"].values() if wanted in ("all", each["state"])]
        return page_of(
            request, [answers.pull_request(each, known, host.url) for each in reversed(found)]
        )

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}")
    async def pull(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], number: FromPath[int]
    ) -> Response[Any]:
        full_name = f"{owner}/{name}"
        known, found = host.catalogue.repository(full_name), host.catalogue.pull(full_name, number)
        if request.headers.get("accept") not in DIFF_TYPES:
            return Response(answers.pull_request(found, known, host.url))
        git, between = host.catalogue.git(full_name), (found["base_sha"], found["head_sha"])
        diff = await git.diff(*between)
        if len(await git.changes(*between)) > MOST_DIFF_FILES:
            raise too_large(f"files ({MOST_DIFF_FILES})")
        if diff.count("\n") > MOST_DIFF_LINES:
            raise too_large(f"lines ({MOST_DIFF_LINES})")
        return Response(diff, media_type="application/vnd.github.v3.diff; charset=utf-8")

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/files")
    async def files(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], number: FromPath[int]
    ) -> Response[list[Any]]:
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
        return page_of(request, listed[:MOST_FILES])

    return [repository, hooks, contents, pulls, pull, files]


def _reviews(host: CodeHost) -> list[Any]:
    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/reviews")
    async def reviews(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], number: FromPath[int]
    ) -> Response[list[Any]]:
        full_name = f"{owner}/{name}"
        known, found = host.catalogue.repository(full_name), host.catalogue.pull(full_name, number)
        made = [answers.review(each, found, known, host.url) for each in found["reviews"]]
        return page_of(request, made)

    @post("/repos/{owner:str}/{name:str}/pulls/{number:int}/reviews", status_code=200)
    async def create(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], number: FromPath[int]
    ) -> Json:
        return await host.create_review(f"{owner}/{name}", number, await body_of(request))

    @get("/repos/{owner:str}/{name:str}/pulls/{number:int}/comments")
    async def comments(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], number: FromPath[int]
    ) -> Response[list[Any]]:
        found = host.catalogue.pull(f"{owner}/{name}", number)
        pending = {each["id"] for each in found["reviews"] if each["state"] == "PENDING"}
        shown = [c for c in found["comments"] if c["pull_request_review_id"] not in pending]
        return page_of(request, shown)

    return [reviews, create, comments]


def _checks(host: CodeHost) -> list[Any]:
    @post("/repos/{owner:str}/{name:str}/check-runs")
    async def create(request: AnyRequest, owner: FromPath[str], name: FromPath[str]) -> Json:
        return await host.create_check_run(f"{owner}/{name}", await body_of(request))

    @patch("/repos/{owner:str}/{name:str}/check-runs/{check_id:int}")
    async def update(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], check_id: FromPath[int]
    ) -> Json:
        return await host.update_check_run(f"{owner}/{name}", check_id, await body_of(request))

    @get("/repos/{owner:str}/{name:str}/commits/{ref:str}/check-runs")
    async def of_commit(
        request: AnyRequest, owner: FromPath[str], name: FromPath[str], ref: FromPath[str]
    ) -> Response[Json]:
        known = host.catalogue.repository(f"{owner}/{name}")
        sha = await host.catalogue.git(f"{owner}/{name}").commit_of(ref)
        if sha is None:
            raise Refused(422, f"No commit found for SHA: {ref}")
        wanted = request.query_params.get("check_name")
        found = [
            answers.check_run(each, known, host.url)
            for each in known["check_runs"]
            if each["head_sha"] == sha and wanted in (None, each["name"])
        ]
        page = page_of(request, found)
        said = {"total_count": len(found), "check_runs": page.content}
        return Response(said, headers=page.headers)

    return [create, update, of_commit]


def _page(host: CodeHost) -> Any:
    @get("/{owner:str}/{name:str}/pull/{number:int}", media_type=MediaType.HTML)
    async def page(owner: FromPath[str], name: FromPath[str], number: FromPath[int]) -> str:
        full_name = f"{owner}/{name}"
        pull = host.catalogue.pull(full_name, number)
        diff = await host.catalogue.git(full_name).diff(pull["base_sha"], pull["head_sha"])
        return pull_request_page(full_name, pull, diff)

    return page
