"""The floors of docs/architecture.md: a module imports from lower floors or its own package, never up or sideways."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "qbwc_server"
FLOORS = {
    "cli": 4,
    "app": 4,
    "__main__": 5,
    "soap": 3,
    "web": 3,
    "api": 3,
    "conversation": 2,
    "refreshing": 2,
    "publishing": 2,
    "alerting": 2,
    "checking": 2,
    "store": 1,
    "publish": 1,
    "protocol": 0,
    "qbxml": 0,
    "settings": 0,
    "rhythm": 0,
    "resources": 0,
    "sqlite": 0,
    "bulk": 0,
    "among": 0,
    "codes": 0,
    "words": 0,
    "lines": 0,
    "deadlines": 0,
    "httppost": 0,
    "reach": 0,
    "qwcfile": 0,
}
# On the ground floor these may know each other: data files, codes put into words, hours of the week, exchanges with
# an end.
NEIGHBOURS = {
    ("qbxml", "resources"),
    ("qwcfile", "resources"),
    ("codes", "words"),
    ("settings", "words"),
    ("rhythm", "settings"),
    ("httppost", "deadlines"),
}
# The rehearsal is the independent witness: only commands may start it.
APART = "rehearsal"
CORE_MAY_USE = {"collections.abc", "dataclasses", "enum", "typing", "qbwc_server.protocol"}


def _unit(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names if node.module == "qbwc_server" else {node.module})
    return found


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_downwards(path: Path) -> None:
    unit = _unit(path)
    for name in _imports(path):
        if not name.startswith("qbwc_server.") or name == "qbwc_server.__version__":
            continue
        other = name.split(".")[1]
        if other == unit:
            continue
        if unit == APART:
            pytest.fail(f"the rehearsal imports {name}")
        if other == APART:
            assert unit == "cli", f"{path} imports {name}"
            continue
        allowed = FLOORS[other] < FLOORS[unit] or (unit, other) in NEIGHBOURS or (unit == "cli" and other == "app")
        assert allowed, f"{unit} (floor {FLOORS[unit]}) imports {name} (floor {FLOORS[other]})"


@pytest.mark.parametrize("path", sorted((PACKAGE / "protocol").glob("*.py")), ids=lambda path: path.name)
def test_the_protocol_core_knows_no_clock_network_file_database_or_xml(path: Path) -> None:
    for name in _imports(path):
        assert any(name == allowed or name.startswith(f"{allowed}.") for allowed in CORE_MAY_USE), name


def test_every_unit_has_a_floor() -> None:
    units = {_unit(path) for path in _modules()} - {APART}
    assert units <= set(FLOORS)
