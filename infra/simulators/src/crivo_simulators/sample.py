"""A pull request to show and to test with: planted defects, and as much that is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class Defect:
    """`source` is the rule that should find it, or `model`, and `line` where."""

    path: str
    line: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All files of both sides; `clean_paths` change too, and have nothing to complain about."""

    title: str
    base: Mapping[str, str]
    head: Mapping[str, str]
    defects: tuple[Defect, ...]
    defects_for_the_model: tuple[Defect, ...]
    clean_paths: tuple[str, ...]


DEFECTS = (
    Defect("shop/invoices.py", 20, "ruff:S602"),
    Defect("shop/invoices.py", 30, "ast-grep:py-jwt-unverified"),
    Defect("shop/invoices.py", 41, "ruff:E722"),
    Defect("shop/orders.py", 4, "ruff:F401"),
    Defect("shop/orders.py", 30, "ruff:S608"),
    Defect("shop/orders.py", 49, "ruff:B006"),
    Defect("shop/orders.py", 64, "ast-grep:py-changed-while-iterating"),
    Defect("shop/orders.py", 69, "ruff:F821"),
    Defect("web/cart.ts", 16, "ast-grep:js-inner-html"),
    Defect("web/cart.ts", 24, "ast-grep:js-async-for-each"),
    Defect("web/cart.ts", 38, "ast-grep:js-eval"),
)
# What no rule of the analyzers sees; `model_rules.toml` has what a model says of them.
FOR_THE_MODEL = (
    Defect("shop/invoices.py", 25, "model"),
    Defect("shop/invoices.py", 46, "model"),
    Defect("shop/orders.py", 53, "model"),
    Defect("shop/orders.py", 56, "model"),
    Defect("web/cart.ts", 43, "model"),
)
CLEAN = ("README.md", "shop/money.py", "tests/test_money.py", "web/format.ts")


def load() -> Sample:
    folder = files("crivo_simulators") / "samples" / "pull_request"
    return Sample(
        title="Discounts and invoices",
        base=_tree(folder / "base"),
        head=_tree(folder / "head"),
        defects=DEFECTS,
        defects_for_the_model=FOR_THE_MODEL,
        clean_paths=CLEAN,
    )


def _tree(folder: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            found |= _tree(each, f"{prefix}{each.name}/")
        elif each.is_file():
            found[prefix + each.name] = each.read_text()
    return found
