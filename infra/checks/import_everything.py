"""Imports each module of a package and none of its strangers; run in an environment of its own."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

# These do something when they are imported: the command line, and Alembic's script.
SCRIPTS = ("__main__", "env")


def import_everything(name: str) -> None:
    module = import_module(name)
    for found in iter_modules(getattr(module, "__path__", ())):
        if found.name not in SCRIPTS:
            import_everything(f"{name}.{found.name}")


package, *strangers = sys.argv[1:]
import_everything(package)
present = [stranger for stranger in strangers if find_spec(stranger)]
sys.exit(f"not declared, yet importable: {', '.join(present)}" if present else 0)
