"""The stage that asks a model: what is asked, what is paid, and what is said of failures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from code_review.application.language_model import (
    Answer,
    AskBudget,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.application.model_reviewer import (
    Change,
    Instructions,
    ModelReviewer,
    ReadingLimits,
)
from code_review.domain.change_set import ChangeSet
from code_review.domain.claims import Claims
from code_review.domain.model_review import ModelReview
from code_review.domain.model_usage import Usage
from code_review_support.builders import NOON, a_change_set, a_changed_file, a_claim, a_finding
from code_review_support.memory import A_USAGE, MemoryFunctions, MemoryLanguageModel

SECONDS = 60
CODE = "def add(item):\n    return eval(item)\n"


def a_change(*paths: str, content: str = CODE) -> ChangeSet:
    return a_change_set(*(a_changed_file(path, content) for path in paths or ("cart.py",)))


def a_large_change(*paths: str) -> ChangeSet:
    """Each file is more than half of a bundle."""
    return a_change(*paths, content="total = total + 1\n" * 500)


def refused(refusal: RefusalClass, *, after: float | None = None, **usage: Any) -> ModelRefused:
    retry_at = None if after is None else NOON + timedelta(seconds=after)
    paid = Usage(requests=1, **usage)
    return ModelRefused(refusal, "as told", usage=paid, retry_at=retry_at)


@dataclass
class Setting:
    """`time` goes on only where somebody pauses."""

    model: MemoryLanguageModel = field(
        default_factory=lambda: MemoryLanguageModel(Claims(findings=[]))
    )
    functions: MemoryFunctions = field(default_factory=lambda: MemoryFunctions({}))
    input_tokens: int = 60_000
    seconds: float = 300.0
    time: float = 0.0
    paused: list[float] = field(default_factory=list)

    def reviewer(self) -> ModelReviewer:
        numbers = count()

        async def pause(seconds: float) -> None:
            self.paused.append(seconds)
            self.time += seconds

        return ModelReviewer(
            model=self.model,
            functions=self.functions,
            instructions=Instructions(version="7", text="Find defects."),
            limits=ReadingLimits(
                input_tokens=self.input_tokens,
                output_tokens=4_000,
                seconds=self.seconds,
            ),
            now=lambda: NOON + timedelta(seconds=self.time),
            clock=lambda: self.time,
            pause=pause,
            new_boundary=lambda: f"boundary-{next(numbers)}",
        )

    async def read(
        self, change_set: ChangeSet, earlier: ModelReview | None = None, **said: Any
    ) -> list[ModelReview]:
        change = Change(
            change_set=change_set,
            title=said.get("title"),
            description=said.get("description"),
            findings=said.get("findings", ()),
            earlier=earlier,
        )
        async with asyncio.timeout(SECONDS):
            return [each async for each in self.reviewer().read(change)]


async def test_an_answer_becomes_findings_and_accounts() -> None:
    setting = Setting(MemoryLanguageModel(Claims(findings=[a_claim()])))
    growing = await setting.read(a_change())
    last = growing[-1]
    assert [each.ended for each in growing] == [False, True]
    assert [(each.path, each.start_line) for each in last.findings] == [("cart.py", 2)]
    assert (last.model, last.prompt_version, last.usage) == ("memory", "7", A_USAGE)
    assert last.read == {"cart.py"}
    assert last.missing is None


async def test_the_model_is_shown_the_change_and_what_was_found_and_said_as_data() -> None:
    setting = Setting()
    evidence = [a_finding("cart.py", 2, source="ruff:S307"), a_finding("other.py", source="x:y")]
    await setting.read(a_change(), title="Add items", description="Ignore me.", findings=evidence)
    (prompt,) = setting.model.asked
    assert prompt.instructions == "Find defects."
    for shown in ("     2 +     return eval(item)", "Add items", "Ignore me.", "ruff:S307"):
        assert shown in prompt.material
    assert "x:y" not in prompt.material


async def test_each_question_has_a_boundary_of_its_own() -> None:
    setting = Setting()
    await setting.read(a_large_change("a.py", "b.py"))
    boundaries = [
        next(word for word in prompt.material.split() if word.startswith("<<<boundary-"))
        for prompt in setting.model.asked
    ]
    assert len(set(boundaries)) == len(boundaries) == 2


async def test_without_an_outline_the_model_is_asked_all_the_same() -> None:
    setting = Setting(functions=MemoryFunctions(None))
    assert (await setting.read(a_change()))[-1].missing is None


async def test_what_was_answered_before_is_not_asked_again() -> None:
    change = a_large_change("a.py", "b.py")
    failing = MemoryLanguageModel(
        Claims(findings=[]), refused(RefusalClass.REFUSED, input_tokens=5)
    )
    first = (await Setting(failing).read(change))[-1]
    assert len(first.unread) == 1
    again = Setting()
    last = (await again.read(change, first.to_go_on_with()))[-1]
    assert len(again.model.asked) == 1
    assert (last.missing, last.usage.requests) == (None, 3)


async def test_answers_about_what_is_no_longer_asked_go_but_were_paid() -> None:
    earlier = (await Setting().read(a_change("old.py")))[-1].to_go_on_with()
    last = (await Setting().read(a_change("new.py"), earlier))[-1]
    assert last.read == {"new.py"}
    assert last.usage.requests == 2


async def test_an_error_that_may_pass_is_tried_once_more() -> None:
    setting = Setting(MemoryLanguageModel(refused(RefusalClass.UNAVAILABLE), Claims(findings=[])))
    last = (await setting.read(a_change()))[-1]
    assert (last.missing, last.usage.requests, setting.paused) == (None, 2, [2.0])


async def test_the_reason_of_the_first_try_is_told_when_there_is_no_second() -> None:
    setting = Setting(seconds=3.0)
    setting.model = SlowModel(setting, 2.9, refused(RefusalClass.UNAVAILABLE))
    last = (await setting.read(a_change()))[-1]
    assert last.missing == "1 of 1 files not read by the model; unavailable: as told: cart.py"


async def test_an_error_that_does_not_pass_is_named_with_the_files() -> None:
    setting = Setting(MemoryLanguageModel(refused(RefusalClass.UNAVAILABLE, unreported=1)))
    last = (await setting.read(a_change()))[-1]
    assert last.missing == "1 of 1 files not read by the model; unavailable: as told: cart.py"
    assert (last.usage.requests, last.usage.unreported, last.ended) == (2, 2, True)


async def test_an_answer_that_is_none_is_not_paid_a_third_time() -> None:
    setting = Setting(MemoryLanguageModel(refused(RefusalClass.BAD_ANSWER)))
    await setting.read(a_change())
    assert (len(setting.model.asked), setting.paused) == (1, [])


async def test_a_limit_is_waited_for_when_it_ends_before_the_stage_does() -> None:
    setting = Setting(
        MemoryLanguageModel(refused(RefusalClass.RATE_LIMITED, after=40), Claims(findings=[]))
    )
    assert (await setting.read(a_change()))[-1].missing is None
    assert setting.paused == [40.0]


async def test_a_limit_that_ends_later_is_not_waited_for() -> None:
    setting = Setting(MemoryLanguageModel(refused(RefusalClass.RATE_LIMITED, after=301)))
    last = (await setting.read(a_change()))[-1]
    assert setting.paused == []
    assert last.missing is not None
    assert "rate limited" in last.missing


class SlowModel(MemoryLanguageModel):
    """Each answer takes a while of the setting's time."""

    def __init__(self, setting: Setting, seconds: float, *said: object) -> None:
        super().__init__(*(said or (Claims(findings=[]),)))
        self._setting, self._seconds = setting, seconds

    async def ask(self, prompt: Prompt, schema: type[Any], budget: AskBudget) -> Answer[Any]:
        self._setting.time += self._seconds
        return await super().ask(prompt, schema, budget)


async def test_what_is_unanswered_at_the_deadline_is_named_and_nobody_waits_longer() -> None:
    setting = Setting()
    setting.model = SlowModel(setting, 160)
    last = (await setting.read(a_large_change("a.py", "b.py", "c.py", "d.py")))[-1]
    assert len(setting.model.asked) == 2
    assert set(last.unread.values()) == {"no answer within 300 s"}


async def test_retries_do_not_exceed_the_budget_of_the_review() -> None:
    """Two bundles fit as estimated, but no longer when an answer that is none was paid for."""
    costly = refused(RefusalClass.UNAVAILABLE, input_tokens=12_000)
    setting = Setting(MemoryLanguageModel(costly, Claims(findings=[])), input_tokens=15_000)
    last = (await setting.read(a_large_change("a.py", "b.py")))[-1]
    assert sorted(last.unread.values()) == [
        "over the review's budget of 15,000 tokens",
        "unavailable: as told",
    ]
    assert len(setting.model.asked) == 1


class HangingModel(MemoryLanguageModel):
    def __init__(self) -> None:
        super().__init__(Claims(findings=[]))
        self.begun = asyncio.Event()
        self.cancelled = 0

    async def ask(self, prompt: Prompt, schema: type[Any], budget: AskBudget) -> Answer[Any]:
        if "a.py" in prompt.material.partition("path:")[2]:
            return await super().ask(prompt, schema, budget)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError("it hangs")


async def test_who_stops_listening_leaves_no_question_open() -> None:
    model = HangingModel()
    setting = Setting(model=model)
    change = Change(
        change_set=a_large_change("a.py", "b.py"),
        title=None,
        description=None,
        findings=(),
        earlier=None,
    )
    async with asyncio.timeout(SECONDS), aclosing(setting.reviewer().read(change)) as growing:
        await first(growing)
        await model.begun.wait()
    assert model.cancelled == 1


async def first(growing: AsyncIterator[ModelReview]) -> ModelReview:
    return await anext(growing)
