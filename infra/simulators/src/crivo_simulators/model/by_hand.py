"""Answers by somebody at the keyboard: each request becomes a file, each answer is one."""

import asyncio
import json
from itertools import count
from pathlib import Path

from crivo_simulators.model.asked import Asked

POLL_SECONDS = 0.2


class ByHand:
    """`requests/0001.md` is to be read, and answered by moving `answers/0001.json` into place."""

    def __init__(self, folder: Path) -> None:
        self._requests = folder / "requests"
        self._answers = folder / "answers"
        for each in (self._requests, self._answers):
            each.mkdir(parents=True, exist_ok=True)
        # A server that starts anew must not take an old answer for a new request's.
        taken = [*self._requests.glob("*.json"), *self._answers.glob("*.json")]
        numbers = [int(each.stem) for each in taken if each.stem.isdecimal()]
        self._numbers = count(max(numbers, default=0) + 1)

    async def __call__(self, asked: Asked) -> str:
        name = f"{next(self._numbers):04}"
        self._write(f"{name}.json", json.dumps(asked.raw, indent=2, ensure_ascii=False))
        self._write(f"{name}.md", _page(name, asked))
        try:
            # Whoever answers has an editor and no way to set an event.
            while (answer := self._answer(name)) is None:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        except asyncio.CancelledError:
            # Whoever asked has gone, so that nobody needs to answer any more.
            self._write(f"{name}.gone", "")
            raise
        return answer

    def _answer(self, name: str) -> str | None:
        """Whatever it says is passed on: a model can write anything too."""
        try:
            return (self._answers / f"{name}.json").read_text(errors="replace")
        except FileNotFoundError:
            return None

    def _write(self, name: str, text: str) -> None:
        """All of it or nothing, so that a reader never sees half a request."""
        draft = self._requests / f".{name}"
        draft.write_text(text, errors="replace")
        draft.replace(self._requests / name)


def _page(name: str, asked: Asked) -> str:
    parts = [f"# Request {name} to {asked.model}, about {asked.prompt_tokens} tokens\n"]
    parts += [f"## {each.role}\n\n{each.text}\n" for each in asked.messages]
    if asked.schema is not None:
        schema = json.dumps(asked.schema, indent=2, ensure_ascii=False)
        parts.append(f"## The answer's schema\n\n```json\n{schema}\n```\n")
    return "\n".join(parts)
