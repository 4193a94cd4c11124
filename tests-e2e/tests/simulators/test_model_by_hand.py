"""Whoever plays the model reads requests from files and answers with files."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from crivo_simulators.model.by_hand import ByHand
from crivo_simulators.model_server import ModelServer, run_model_server
from httpx import AsyncClient, Response
from simulators_support.model import FINDINGS, choice_of, request


class Desk:
    """Where somebody sits who answers for the model."""

    def __init__(self, folder: Path, server: ModelServer, http: AsyncClient) -> None:
        self.requests = folder / "requests"
        self._answers = folder / "answers"
        self.server = server
        self._http = http

    def ask(self, prompt: str) -> asyncio.Task[Response]:
        body = request(prompt)
        return asyncio.ensure_future(self._http.post("/chat/completions", json=body, timeout=60))

    async def arrives(self, name: str) -> str:
        file = self.requests / name
        async with asyncio.timeout(60):
            # A file can only be looked for.
            while not file.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return file.read_text()

    def answer(self, number: str, text: str | bytes) -> None:
        draft = self._answers / f"{number}.draft"
        draft.write_bytes(text if isinstance(text, bytes) else text.encode())
        draft.replace(self._answers / f"{number}.json")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with (
        run_model_server(ByHand(tmp_path)) as server,
        AsyncClient(base_url=server.url) as http,
    ):
        yield Desk(tmp_path, server, http)


async def test_a_request_is_a_file_to_read_and_its_answer_a_file_to_write(desk: Desk) -> None:
    asking = desk.ask("What is wrong with this?")
    page = await desk.arrives("0001.md")
    for part in ("## system", "You review changes.", "## user", "What is wrong with this?"):
        assert part in page
    assert json.dumps(FINDINGS, indent=2) in page
    raw = json.loads(await desk.arrives("0001.json"))
    assert raw == request("What is wrong with this?")
    assert not asking.done()
    desk.answer("0001", '{"findings": []}')
    choice = choice_of(await asking)
    assert (choice["message"]["content"], choice["finish_reason"]) == ('{"findings": []}', "stop")


async def test_requests_are_answered_in_any_order(desk: Desk) -> None:
    first = desk.ask("first")
    await desk.arrives("0001.md")
    second = desk.ask("second")
    await desk.arrives("0002.md")
    desk.answer("0002", "two")
    assert choice_of(await second)["message"]["content"] == "two"
    assert not first.done()
    desk.answer("0001", "one")
    assert choice_of(await first)["message"]["content"] == "one"


@pytest.mark.parametrize(
    ("text", "passed_on"), [(b"I see no defects", "I see no defects"), (b"\xff{", "�{"), (b"", "")]
)
async def test_a_bad_answer_is_passed_on_as_it_is(desk: Desk, text: bytes, passed_on: str) -> None:
    asking = desk.ask("x")
    await desk.arrives("0001.md")
    desk.answer("0001", text)
    assert choice_of(await asking)["message"]["content"] == passed_on


async def test_a_request_whose_client_has_gone_is_marked(desk: Desk) -> None:
    asking = desk.ask("x")
    await desk.arrives("0001.md")
    asking.cancel()
    await desk.arrives("0001.gone")
    again = desk.ask("x")
    await desk.arrives("0002.md")
    desk.answer("0002", "seen")
    await again
    assert [each.outcome for each in desk.server.calls] == ["client gone", "stop"]


async def test_a_server_that_starts_anew_goes_on_counting(tmp_path: Path) -> None:
    for folder, number in (("requests", "0007"), ("answers", "0009")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{number}.json").write_text("old")
    async with (
        run_model_server(ByHand(tmp_path)) as server,
        AsyncClient(base_url=server.url) as http,
    ):
        desk = Desk(tmp_path, server, http)
        asking = desk.ask("x")
        await desk.arrives("0010.md")
        desk.answer("0010", "new")
        assert choice_of(await asking)["message"]["content"] == "new"
