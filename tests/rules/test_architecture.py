"""The shape of the code, read from its syntax tree: who may import whom, no cycles, sizes, broad excepts.

The table is DESIGN's section on layout. A new folder has to be entered here, with what it may know.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.rules.source import ROOT, SOURCE, python_files, tree

BASE = frozenset({"errors", "units", "ids", "clock"})
VALUES = BASE | {"model"}
EARTH = VALUES | {"geo"}
SUBJECTS = EARTH | {"release", "ledger", "wire"}

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "errors": frozenset(),
    "units": frozenset(),
    "clock": frozenset(),
    "ids": BASE,
    "model": BASE,
    "geo": VALUES,
    "release": EARTH,
    "conflict": EARTH,
    "ledger": EARTH,
    "planning": EARTH,
    "geozones": EARTH,
    "wire": EARTH,
    "config": EARTH | {"wire", "alerts"},
    "coordination": SUBJECTS,
    "picture": SUBJECTS,
    "alerts": SUBJECTS | {"conflict"},
    "feeds": EARTH | {"wire"},
    "uss": EARTH | {"wire"},
    "exchange": SUBJECTS | {"planning", "coordination", "picture", "alerts", "conflict", "feeds", "uss"},
    "http": VALUES | {"exchange", "wire", "config", "geozones"},
    "client": VALUES | {"wire"},
    "sim": EARTH | {"client"},
}
ANYTHING = {"runtime", "cli"}
"""They may import anything, and nobody imports them."""

LONGEST_FILE = 500
LONGEST_FUNCTION = 60

BROAD_EXCEPTS = {
    "feeds": "the feed loop",
    "http/boundary.py": "the request boundary",
    "exchange/writer.py": "deciding one command (decision 0015)",
    "runtime": "tasks",
}
"""The only places where an exception of any kind may be swallowed; each counts it and says why."""

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base"}


def subject(path: Path) -> str:
    """The folder or module directly below ``comity``; the package itself is ``comity``."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "comity" if parts == ("__init__",) else parts[0]


def module(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Modules of ours that ``path`` imports, the line, and whether it happens when the file is loaded."""
    whole = tree(path)
    inner = {
        id(node)
        for function in ast.walk(whole)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(whole):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "comity":
                yield name, node.lineno, id(node) not in inner


def test_every_subject_is_in_the_table() -> None:
    known = set(MAY_IMPORT) | ANYTHING | {"comity"}
    assert {subject(path) for path in python_files("src/comity")} <= known


def test_imports_go_one_way() -> None:
    wrong = []
    for path in python_files("src/comity"):
        here = subject(path)
        if here in ANYTHING or here == "comity":
            continue
        for name, line, _ in imports(path):
            there = name.split(".")[1] if "." in name else "comity"
            if there == "__version__":
                continue
            if there != here and there not in MAY_IMPORT[here]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}; {here} may not know {there}")
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_top() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in python_files("src/comity")
        for name, line, _ in imports(path)
        if subject(path) not in ANYTHING and name.split(".")[1:2] and name.split(".")[1] in ANYTHING
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_cycles() -> None:
    modules = {module(path): path for path in python_files("src/comity")}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        graph[name] = set()
        for imported, _, on_load in imports(path):
            target = imported if imported in modules else imported.rpartition(".")[0]
            if on_load and target in modules and target != name:
                graph[name].add(target)
    cycle = find_cycle(graph)
    assert cycle is None, " -> ".join(cycle or [])


def find_cycle(graph: Mapping[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for after in sorted(graph[name]):
            if found := visit(after, [*path, name]):
                return found
        done.add(name)
        return None

    for name in sorted(graph):
        if found := visit(name, []):
            return found
    return None


def test_a_cycle_would_be_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_files_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in python_files("src", "tests", "bench")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    assert not long, "\n".join(long)


def test_functions_fit_a_screen() -> None:
    long = []
    for path in python_files("src", "bench"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not long, "\n".join(long)


def test_files_say_what_they_are() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_files("src", "tests", "bench")
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert not silent, f"without a docstring at the top: {silent}"


def test_no_file_is_named_for_nothing() -> None:
    vague = [
        str(path.relative_to(ROOT))
        for path in python_files("src")
        if FORBIDDEN_NAMES.intersection(path.relative_to(ROOT).with_suffix("").parts)
    ]
    assert not vague


def broad_handlers(path: Path) -> Iterator[int]:
    """Handlers of everything that do not raise it again as their last act."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(c is None or (isinstance(c, ast.Name) and c.id in _EVERYTHING) for c in caught)
        last = node.body[-1]
        if broad and not (isinstance(last, ast.Raise) and last.exc is None):
            yield node.lineno


_EVERYTHING = {"Exception", "BaseException"}


def test_broad_excepts_stand_at_named_places() -> None:
    wrong = []
    for path in python_files("src"):
        where = path.relative_to(SOURCE).as_posix()
        allowed = any(where == place or subject(path) == place for place in BROAD_EXCEPTS)
        wrong += [f"{path.relative_to(ROOT)}:{line}" for line in broad_handlers(path) if not allowed]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("try:\n  pass\nexcept Exception:\n  pass", True),
        ("try:\n  pass\nexcept (OSError, BaseException):\n  pass", True),
        ("try:\n  pass\nexcept:\n  pass", True),
        ("try:\n  pass\nexcept Exception:\n  raise", False),
        ("try:\n  pass\nexcept ValueError:\n  pass", False),
    ],
)
def test_a_broad_except_would_be_found(tmp_path: Path, code: str, found: bool) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    assert bool(list(broad_handlers(path))) is found
