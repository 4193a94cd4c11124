"""`/_control`: what people do by hand on a code host, and what goes wrong on demand."""

from typing import Any, TypeAlias

from litestar import get, post
from litestar.params import FromPath

from crivo_simulators.comments import comment
from crivo_simulators.faults import Calls, Fault
from crivo_simulators.host import CodeHost
from crivo_simulators.requests import AnyRequest, body_of

Json: TypeAlias = dict[str, Any]


def control(host: CodeHost, faults: list[Fault], calls: Calls) -> list[Any]:
    async def taken(request: AnyRequest) -> tuple[str, Json]:
        body = await body_of(request)
        return str(body.pop("repository", "")), body

    @post("/repositories")
    async def repositories(request: AnyRequest) -> Json:
        return await host.create_repository(**await body_of(request))

    @post("/push")
    async def push(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.push(repository, **what)

    @post("/pull-requests")
    async def pull_requests(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.open_pull_request(repository, **what)

    @post("/pull-requests/{action:str}")
    async def change(request: AnyRequest, action: FromPath[str]) -> Json:
        repository, what = await taken(request)
        return await host.change_pull_request(repository, int(what["number"]), action)

    @post("/comments")
    async def comments(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await comment(host, repository, what.pop("number"), **what)

    @post("/hooks")
    async def hooks(request: AnyRequest) -> Json:
        repository, what = await taken(request)
        return await host.add_hook(repository, **what)

    @post("/tokens")
    async def tokens(request: AnyRequest) -> Json:
        """A token that sees these repositories only."""
        asked = await body_of(request)
        host.catalogue.let_see(asked["token"], asked["repositories"])
        return {}

    @post("/redeliver")
    async def redeliver(request: AnyRequest) -> Json:
        return await host.webhooks.redeliver((await body_of(request))["delivery_id"])

    @get("/deliveries")
    async def deliveries() -> list[Json]:
        return host.catalogue.deliveries

    @post("/faults")
    async def add_fault(request: AnyRequest) -> Json:
        faults.append(Fault(**await body_of(request)))
        return {}

    @post("/clear-faults")
    async def clear_faults() -> Json:
        faults.clear()
        return {}

    @get("/calls")
    async def list_calls() -> list[Json]:
        return list(calls)

    return [
        repositories, push, pull_requests, change, comments, hooks, tokens, redeliver, deliveries,
        add_fault, clear_faults, list_calls,
    ]  # fmt: skip
