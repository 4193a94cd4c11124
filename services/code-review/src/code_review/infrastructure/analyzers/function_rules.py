"""What is a function in each language, as one text of rules that ast-grep takes."""

from collections.abc import Mapping

_JAVASCRIPT = (
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "generator_function",
    "arrow_function",
    "method_definition",
)

# The names of tree-sitter's grammars; functions without a name count where they hold whole modules.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "Python": ("function_definition",),
    "JavaScript": _JAVASCRIPT,
    "TypeScript": _JAVASCRIPT,
    "Tsx": _JAVASCRIPT,
    "Go": ("function_declaration", "method_declaration", "func_literal"),
    "Rust": ("function_item",),
    "Java": (
        "method_declaration",
        "constructor_declaration",
        "compact_constructor_declaration",
        "static_initializer",
    ),
    "C": ("function_definition",),
    "Cpp": ("function_definition",),
    "CSharp": (
        "method_declaration",
        "constructor_declaration",
        "destructor_declaration",
        "operator_declaration",
        "local_function_statement",
        "property_declaration",
        "indexer_declaration",
    ),
    "Ruby": ("method", "singleton_method"),
    "Php": ("function_definition", "method_declaration", "anonymous_function"),
    "Kotlin": ("function_declaration", "secondary_constructor", "anonymous_initializer"),
    "Swift": ("function_declaration", "init_declaration", "deinit_declaration"),
    "Scala": ("function_definition",),
    "Bash": ("function_definition",),
    "Lua": ("function_declaration", "function_definition"),
}
# In Elixir a definition is a call like any other.
_ELIXIR = "{kind: call, has: {field: target, regex: '^(def|defp|defmacro|defmacrop)$'}}"

SUFFIXES = frozenset(
    {
        *(".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"),
        *(".go", ".rs", ".java", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cs"),
        *(".rb", ".php", ".kt", ".kts", ".swift", ".scala", ".sc", ".sh", ".bash", ".lua"),
        *(".ex", ".exs"),
    },
)


def function_rules() -> str:
    rules = {
        language: "{any: [" + ", ".join(f"{{kind: {kind}}}" for kind in kinds) + "]}"
        for language, kinds in _KINDS.items()
    }
    return "---\n".join(
        # Of the lesser severities, the form of report we ask for leaves some out.
        f"id: {language}\nlanguage: {language}\n"
        f"severity: warning\nmessage: function\nrule: {rule}\n"
        for language, rule in {**rules, "Elixir": _ELIXIR}.items()
    )
