"""An import rule that names what is allowed, so that a new dependency needs a decision."""

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.domain.helpers import module_expressions_to_modules


class ImportsOnly(Contract):
    """`modules` import the standard library, their own package and what is `allowed`."""

    type_name = "imports_only"

    # Each is parsed into the value that `check` reads under the same name.
    modules: Any = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed: Any = fields.SetField(subfield=fields.StringField(), required=False)
    ignore_imports: Any = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,
            unmatched_alerting=contract_utils.AlertLevel.ERROR,
        )
        allowed = sys.stdlib_module_names | (self.allowed or set())
        importers = module_expressions_to_modules(graph, self.modules, as_packages=True)
        refused = [
            f"{importer.name} imports {imported}"
            for importer in sorted(importers, key=lambda module: module.name)
            for imported in sorted(graph.find_modules_directly_imported_by(importer.name))
            if _package(imported) not in allowed | {_package(importer.name)}
        ]
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["refused"]:
            output.print_error(line)


def _package(module: str) -> str:
    return module.partition(".")[0]
