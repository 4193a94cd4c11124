"""What a changed file is to a reviewer, by its name and its first lines."""

import re
from enum import StrEnum


class FileKind(StrEnum):
    """Only the first two are written by people, and read by them line by line."""

    PRODUCT = "product"
    TEST = "test"
    GENERATED = "generated"
    VENDORED = "vendored"
    LOCK = "lock"
    MINIFIED = "minified"


_VENDORED = frozenset(
    {
        *("vendor", "vendored", "node_modules", "bower_components", "jspm_packages"),
        *("third_party", "third-party", "thirdparty", "3rdparty"),
        *("site-packages", ".venv", "venv", "pods", "carthage", "godeps", ".yarn"),
    },
)
_GENERATED = frozenset({"dist", "__snapshots__", "__generated__", ".next", ".nuxt"})
_LOCKS = frozenset(
    {
        *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb"),
        *("go.sum", "go.work.sum", "packages.lock.json", "project.assets.json"),
        *("package.resolved", "cartfile.resolved", "gradle.lockfile"),
        *("buildscript-gradle.lockfile", "verification-metadata.xml", "cabal.project.freeze"),
        *(".terraform.lock.hcl", "conda-lock.yml"),
    },
)
_GENERATED_NAME = re.compile(
    r"""
    _pb2(_grpc)?\.pyi?$ | \.pb(\.gw|\.validate)?\.\w+$ | _pb\.(js|ts|d\.ts)$
    | \.(g|gen|generated|freezed|designer)\.\w+$ | _gen\.(go|rs)$ | _generated\.\w+$
    | ^zz_generated | \.(snap|map|ambr)$ | \.g\.dart$
    """,
    re.X,
)
_MINIFIED_NAME = re.compile(r"[.-](min|bundle)\.(m?js|cjs|css|map)$")
# People say in many words that nobody wrote this. Only a comment can say so of the file it is in.
_COMMENT = re.compile(r"\s*(#|//|/\*|\*|--|<!--|;|%|'|\(\*|\{-)")
_MARK = re.compile(
    r"""
    (?<![\w"'`])@generated\b | <auto-?generated\b
    | \bcode\ generated\b.*\bdo\ not\ edit\b
    | \b(auto-?(matically)?[ -]?)?generated\b.*\b(do\ not|don't)\ (edit|modify|change)\b
    | \b(do\ not|don't)\ (edit|modify)\b.*\bgenerated\b
    | \b(file|code)\ (is|was)\ auto-?(matically)?[ -]?generated\b
    | \bgenerated\ by\ the\ protocol\ buffer\ compiler\b
    """,
    re.X | re.I,
)
_FIRST_LINES = 20
_MOST_OF_A_LINE = 400

_TEST_FOLDER = re.compile(
    r"(__)?(tests?|specs?|mocks|fixtures)(__)?|testdata|e2e|cypress|testing|.+[._-](tests?|specs?)"
)
_TEST_FOLDER_IN_CAPITALS = re.compile(r".*[a-z0-9](Tests?|Specs?)")
_TEST_NAME = re.compile(
    r"test_.+|conftest\.py|.+_(test|tests|spec|unittest)\.\w+|.+[.-](test|spec|cy)\.\w+|.+\.(bats|t)"
)
_TEST_NAME_IN_CAPITALS = re.compile(
    r"(.*[a-z0-9])?(Tests?|TestCase|Specs?|IT)\.(java|kt|kts|scala|cs|fs|vb|swift|php|groovy|m|cpp|cc)"
)

_MINIFIABLE = (".js", ".mjs", ".cjs", ".css", ".json", ".svg", ".html", ".xml")
# A page of text whose lines are longer than any screen on average.
_LEAST_MINIFIED = 5_000
_LONG_LINES = 300

_DOCUMENTATION = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt")
_DOCUMENTATION_NAMES = frozenset({"readme", "license", "changelog", "authors", "notice", "copying"})
_READ_BY_PROGRAMS = re.compile(r"(.*requirements.*|constraints.*|cmakelists|robots)\.txt")


def kind_of(path: str, content: str) -> FileKind:
    *folders, name = path.split("/")
    small = [folder.lower() for folder in folders]
    if not _VENDORED.isdisjoint(small):
        return FileKind.VENDORED
    if name.lower() in _LOCKS or name.lower().endswith((".lock", ".lockfile")):
        return FileKind.LOCK
    if _MINIFIED_NAME.search(name.lower()):
        return FileKind.MINIFIED
    if not _GENERATED.isdisjoint(small) or _GENERATED_NAME.search(name.lower()):
        return FileKind.GENERATED
    if _says_it_is_generated(content):
        return FileKind.GENERATED
    if name.lower().endswith(_MINIFIABLE) and _has_long_lines(content):
        return FileKind.MINIFIED
    return FileKind.TEST if _is_test(folders, name) else FileKind.PRODUCT


def is_documentation(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    if _READ_BY_PROGRAMS.fullmatch(name):
        return False
    return name.endswith(_DOCUMENTATION) or name in _DOCUMENTATION_NAMES


def _says_it_is_generated(content: str) -> bool:
    lines = content[: _FIRST_LINES * _MOST_OF_A_LINE].split("\n")[:_FIRST_LINES]
    # Matching takes time that grows faster than a line does.
    comments = (line[:_MOST_OF_A_LINE] for line in lines if _COMMENT.match(line))
    return any(_MARK.search(line) for line in comments)


def _has_long_lines(content: str) -> bool:
    return len(content) > _LEAST_MINIFIED and len(content) > _LONG_LINES * (content.count("\n") + 1)


def _is_test(folders: list[str], name: str) -> bool:
    return (
        any(
            _TEST_FOLDER.fullmatch(folder.lower()) or _TEST_FOLDER_IN_CAPITALS.fullmatch(folder)
            for folder in folders
        )
        or _TEST_NAME.fullmatch(name.lower()) is not None
        or _TEST_NAME_IN_CAPITALS.fullmatch(name) is not None
    )
