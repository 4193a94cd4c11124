"""Our instructions to a language model."""

from importlib.resources import files


def load_review_prompt() -> tuple[str, str]:
    """Its version, which the name of the one file says, and its text."""
    folder = files("code_review.infrastructure").joinpath("prompts")
    [prompt] = (file for file in folder.iterdir() if file.name.endswith(".md"))
    _, version, _ = prompt.name.split(".")
    return version, prompt.read_text(encoding="utf-8")
