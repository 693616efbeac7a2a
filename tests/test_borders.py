"""The borders between the packages: what is private stays inside, and imports never go in circles.

`fakeface`, `train`, `export` and `benchmarks` use each other by their public names alone. A test
may look into the package that it tests, and into no other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from pathlib import Path

import pytest

import fakeface.reports

ROOT = Path(__file__).parent.parent
PACKAGES = ("fakeface", "train", "export", "benchmarks")


def owner(path: Path) -> str:
    """The package that a file belongs to; a test belongs to the package that it tests."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "tests":
        return parts[1] if parts[1] in PACKAGES else "fakeface"
    return parts[0] if parts[0] in PACKAGES else "programs"


@lru_cache(maxsize=1)
def sources() -> dict[Path, ast.Module]:
    folders = (*PACKAGES, "tests", "examples", "docs", "samples")
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of all that is imported, wherever in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def test_there_is_something_to_check() -> None:
    assert len([file for file in sources() if owner(file) in PACKAGES]) > 200


def test_fakeface_imports_no_other_package() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file, tree in sources().items()
        if file.is_relative_to(ROOT / "fakeface")
        for line, name in imported(tree)
        if name.split(".")[0] in PACKAGES[1:]
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("importer", "package"),
    [*permutations(PACKAGES, 2), *(("programs", package) for package in PACKAGES)],
)
def test_nothing_private_is_imported_across_a_border(importer: str, package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file, tree in sources().items()
        if owner(file) == importer
        for line, name in imported(tree)
        if name.split(".")[0] == package and is_private(name)
    ]
    assert not wrong, "\n".join(["import these from a public module instead:", *wrong])


def modules() -> dict[str, Path]:
    named = {}
    for file in sources():
        if (path := file.relative_to(ROOT)).parts[0] in PACKAGES:
            parts = path.with_suffix("").parts
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported; not those for type checkers."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from at_import(node.orelse)
            continue
        yield node
        for field in ("body", "orelse", "finalbody"):
            yield from at_import(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from at_import(handler.body)


def home(module: str, name: str, named: dict[str, Path]) -> str:
    """The module that `from module import name` needs to have been imported."""
    if f"{module}.{name}" in named:
        return f"{module}.{name}"
    for node in ast.walk(sources()[named[module]]):  # a name that is exported lazily
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lazy_exports":
            homes = ast.literal_eval(node.args[1])
            return next((key for key, names in homes.items() if name in names), module)
    return module


def test_imports_never_go_in_circles() -> None:
    named = modules()
    graph: dict[str, set[str]] = {}
    for module, file in named.items():
        needs = graph.setdefault(module, set())
        for node in at_import(sources()[file].body):
            if isinstance(node, ast.Import):
                needs |= {alias.name for alias in node.names if alias.name in named}
            elif isinstance(node, ast.ImportFrom) and node.module in named:
                needs |= {home(node.module, alias.name, named) for alias in node.names}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_public_name_is_there() -> None:
    for module in (fakeface, fakeface.reports):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
