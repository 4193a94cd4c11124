"""What counts as a command in a comment, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_integration.domain.comment_command import CommentCommand, command_in


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("@crivo review", CommentCommand.REVIEW),
        ("@Crivo PAUSE", CommentCommand.PAUSE),
        ("@crivo resume, please", CommentCommand.RESUME),
        ("Thank you.\r\n\r\n  @crivo \t review.\r\n", CommentCommand.REVIEW),
        ("> @crivo pause\n\n@crivo review", CommentCommand.REVIEW),
        ("@crivo pause\n@crivo review", CommentCommand.PAUSE),
        ("```\n@crivo pause\n```\n@crivo review", CommentCommand.REVIEW),
        ("~~~~\n~~~\n```\n@crivo pause\n~~~~~\n@crivo review", CommentCommand.REVIEW),
        ("```in `one` line```\n@crivo review", CommentCommand.REVIEW),
    ],
)
def test_a_line_that_begins_with_a_command_is_one(body: str, command: CommentCommand) -> None:
    assert command_in(body) is command


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Could somebody ask @crivo review?",
        "> @crivo review",
        "    @crivo review",
        "\t@crivo review",
        "`@crivo review`",
        "- @crivo review",
        "```\n@crivo review\n```",
        "```sh\n@crivo review",
        "````\n```\n@crivo review\n````",
        "@crivo",
        "@crivo reviewer",
        "@crivo review-all",
        "@crivo explain",
        "@crivobot review",
        "@crivo\nreview",
    ],
)
def test_what_is_quoted_shown_or_said_in_passing_is_none(body: str) -> None:
    assert command_in(body) is None


@given(st.text(alphabet="`~> @crivoewpausm\n", max_size=60))
def test_quoting_a_comment_takes_every_command_away(body: str) -> None:
    assert command_in("\n".join(f"> {line}" for line in body.splitlines())) is None
