"""Only an added optional field breaks nobody, wherever in a message it is."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from catalogue import entries
from compatibility import breaking
from pydantic import BaseModel, Field, create_model


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Small(BaseModel):
    name: str


class Large(BaseModel):
    name: str
    size: int


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class TallTree(BaseModel):
    name: str
    height: int
    children: list["TallTree"] = []


def schema(**fields: Any) -> dict[str, Any]:
    """Of a message with the field `id`, and these."""
    message: type[BaseModel] = create_model("Message", id=(UUID, ...), **fields)
    return message.model_json_schema()


def part(**fields: Any) -> type[BaseModel]:
    return create_model("Part", **fields)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.type)
def test_a_message_does_not_break_itself(entry: Any) -> None:
    assert breaking(entry.schema(), entry.schema()) == []


@pytest.mark.parametrize(
    "added",
    [
        {"note": (str, "")},
        {"note": (str | None, None)},
        {"parts": (tuple[Tree, ...], ())},
        {"color": (Color, Color.RED)},
    ],
)
def test_an_added_optional_field_breaks_nobody(added: dict[str, Any]) -> None:
    assert breaking(schema(), schema(**added)) == []


def test_an_added_optional_field_of_a_part_breaks_nobody() -> None:
    old, new = part(name=(str, ...)), part(name=(str, ...), note=(str | None, None))

    assert breaking(schema(part=(old, ...)), schema(part=(new, ...))) == []


def test_what_is_said_to_people_breaks_nobody() -> None:
    said = Annotated[str, Field(title="Name", description="of a person", examples=["Ada"])]

    assert breaking(schema(name=(str, ...)), schema(name=(said, ...))) == []


def test_a_renamed_class_breaks_nobody_because_its_name_is_not_on_the_wire() -> None:
    renamed = create_model("Share", name=(str, ...))

    assert breaking(schema(p=(part(name=(str, ...)), ...)), schema(p=(renamed, ...))) == []


REMOVED = "was removed: a consumer that relies on it would break"
NEEDED = "a message in flight would be refused if it has none"
BEYOND = "a message in flight would be refused if it is beyond"
OLDER = "a consumer that does not know it yet would refuse the message"
RELIES = "a consumer that relies on it would break"
REFUSED = "a message in flight would be refused"


@pytest.mark.parametrize(
    ("old", "new", "harm"),
    [
        ((str, ...), None, f"x {REMOVED}"),
        ((str, ""), None, f"x {REMOVED}"),
        (None, (str, ...), f"x is new and required: {NEEDED}"),
        ((str, ""), (str, ...), f"x is newly required: {NEEDED}"),
        ((str, ...), (str, ""), f"x is no longer required: {RELIES} when it is absent"),
        ((int, 1), (int, 2), f"x, when absent, meant 1 and means 2: {RELIES}"),
        ((int, ...), (str, ...), f"x was 'integer' and is 'string': {RELIES}"),
        ((str, ...), (UUID, ...), f"x: format was nothing and is 'uuid': {RELIES}"),
        ((UUID, ...), (str, ...), f"x: format was 'uuid' and is nothing: {RELIES}"),
        ((str, ...), (str | None, ...), f"null for x is a new shape: {OLDER}"),
        ((str | None, ...), (str, ...), f"null for x is no longer a shape: {REFUSED}"),
        ((str, ...), (str | int, ...), f"choice 2 for x is a new shape: {OLDER}"),
        ((str | int, ...), (str, ...), f"choice 2 for x is no longer a shape: {REFUSED}"),
        ((str | None, ...), (int | None, ...), f"x was 'string' and is 'integer': {RELIES}"),
        ((list[str], ...), (list[int], ...), f"x[] was 'string' and is 'integer': {RELIES}"),
        (
            (dict[str, str], ...),
            (dict[str, int], ...),
            f"x[*] was 'string' and is 'integer': {RELIES}",
        ),
        (
            (tuple[str, int], ...),
            (tuple[str, bool], ...),
            f"x[1] was 'integer' and is 'boolean': {RELIES}",
        ),
        ((Literal["a"], ...), (Literal["a", "b"], ...), f"x also allows 'b': {OLDER}"),
        (
            (Literal["a", "b"], ...),
            (Literal["a"], ...),
            f"x no longer allows 'b': {REFUSED} if it has that",
        ),
        (
            (str, ...),
            (Color, ...),
            f"x allows only 'blue', 'red' now: {REFUSED} if it has another value",
        ),
        ((Color, ...), (str, ...), f"x allows more than 'blue', 'red' now: {OLDER}"),
    ],
)
def test_any_other_change_of_a_field_is_said_in_words(old: Any, new: Any, harm: str) -> None:
    before, after = (schema(**({} if x is None else {"x": x})) for x in (old, new))

    assert breaking(before, after) == [harm]


@pytest.mark.parametrize(
    ("old", "new", "harm"),
    [
        (Field(ge=1), Field(ge=2), f"x: minimum was 1 and is 2: {BEYOND}"),
        (Field(ge=1), Field(ge=0), f"x: minimum was 1 and is 0: {OLDER}"),
        (Field(), Field(le=9), f"x: maximum was nothing and is 9: {BEYOND}"),
        (Field(le=9), Field(), f"x: maximum was 9 and is nothing: {OLDER}"),
        (Field(le=9), Field(le=8), f"x: maximum was 9 and is 8: {BEYOND}"),
        (Field(multiple_of=2), Field(multiple_of=4), f"x: multipleOf was 2 and is 4: {RELIES}"),
    ],
)
def test_a_limit_may_neither_be_tightened_nor_loosened(old: Any, new: Any, harm: str) -> None:
    before, after = (schema(x=(Annotated[int, limit], ...)) for limit in (old, new))

    assert breaking(before, after) == [harm]


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        (Small, Large, "x"),
        (list[Small], list[Large], "x[]"),
        (tuple[Small, ...], tuple[Large, ...], "x[]"),
        (tuple[int, Small], tuple[int, Large], "x[1]"),
        (dict[str, Small], dict[str, Large], "x[*]"),
        (Small | None, Large | None, "x"),
        (Small | int, Large | int, "choice 1 for x"),
        (part(y=(Small, ...)), part(y=(Large, ...)), "x.y"),
    ],
)
def test_a_change_of_a_part_is_found_wherever_the_part_is(old: Any, new: Any, at: str) -> None:
    assert breaking(schema(x=(old, ...)), schema(x=(new, ...))) == [
        f"{at}.size is new and required: {NEEDED}"
    ]


def test_a_part_that_contains_its_own_kind_is_compared_once() -> None:
    assert breaking(schema(x=(Tree, ...)), schema(x=(TallTree, ...))) == [
        f"x.height is new and required: {NEEDED}"
    ]


def test_refusing_unknown_fields_would_break_the_next_optional_one() -> None:
    closed = {**schema(), "additionalProperties": False}

    assert breaking(schema(), closed) == [
        "the message refuses unknown fields: the next optional field would break it"
    ]


def test_another_exchange_leaves_bound_queues_empty() -> None:
    assert breaking({"x-exchange": "a"}, {"x-exchange": "b"}) == [
        f"the message: x-exchange was 'a' and is 'b': {RELIES}"
    ]


def test_every_problem_is_said_and_not_just_the_first() -> None:
    old = schema(a=(str, ...), b=(int, ...))

    assert breaking(old, schema(b=(str, ...), c=(str, ...))) == [
        f"a {REMOVED}",
        f"c is new and required: {NEEDED}",
        f"b was 'integer' and is 'string': {RELIES}",
    ]
