"""Our rules for ast-grep, as one text that it takes on its command line."""

from functools import cache
from importlib.resources import files

# Three grammars read what people call JavaScript; a rule is written once, for the first.
_JAVASCRIPT = "language: JavaScript\n"
_VARIANTS = ("language: JavaScript\n", "language: TypeScript\n", "language: Tsx\n")

SUFFIXES = frozenset(
    {".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"},
)


@cache
def rule_pack() -> str:
    """Every rule, those for JavaScript once for each of its grammars."""
    folder = files("code_review.infrastructure").joinpath("rules")
    texts = sorted(rule.read_text() for rule in folder.iterdir() if rule.name.endswith(".yml"))
    return "---\n".join(variant for text in texts for variant in _variants(text))


def _variants(text: str) -> list[str]:
    return (
        [text.replace(_JAVASCRIPT, language) for language in _VARIANTS]
        if (_JAVASCRIPT in text)
        else [text]
    )
