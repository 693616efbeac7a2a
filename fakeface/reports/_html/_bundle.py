"""One program from the modules in `js/`, for pages that load nothing.

The modules are ES modules: a browser can also load them as they are. Here they are joined, each
after those that it imports, without the lines that import and the word `export`; so no two of
them may declare the same name.
"""

from __future__ import annotations

import re
from pathlib import Path

SCRIPTS = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(entry: Path) -> str:
    """Return the classic script that a module and all that it imports make together.

    Imports are looked for beside the module that names them, and then among those of the page.

    Raises:
        ValueError: A module imports or exports in a way that cannot be joined.
    """
    parts: dict[Path, str] = {}
    _add(entry, parts)
    return '"use strict";\n' + "\n".join(parts.values())


def _add(module: Path, parts: dict[Path, str]) -> None:
    if module in parts:
        return
    text = module.read_text(encoding="utf-8")
    parts[module] = ""  # against circles
    for name in _IMPORT.findall(text):
        beside = module.parent / f"{name}.js"
        _add(beside if beside.is_file() else SCRIPTS / f"{name}.js", parts)
    text = _EXPORT.sub("", _IMPORT.sub("", text))
    if left := _LEFT.search(text):
        raise ValueError(f"{module.name}: cannot be joined with others: {left[0]}")
    del parts[module]
    parts[module] = text
