"""House rules: which way the imports point, what is pure, who reads the clock, and how large files may grow."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "feedserver"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)

SHARED = {"clock", "domains", "errors", "setting_types", "settings", "text", "urls", "xmlrpc"}
# Which rooms a room may look into, besides the small shared words.
LOOKS_INTO = {
    "storage": set(),
    "net": set(),
    "jobs": {"storage"},
    "posts": {"storage", "jobs"},
    "thoughts": {"posts", "storage", "jobs", "net"},
    "readership": {"storage"},
    "feeds": {"readership", "thoughts", "posts", "storage"},
    "web": {"feeds", "readership", "thoughts", "posts", "storage"},
    "pages": {"feeds", "thoughts", "posts", "storage"},
}
DOORS = {
    "views.py",
    "autodiscovery.py",
    "browsing.py",
    "private.py",
}  # what Flask calls: reaches the services that were put together for it
PURE = {
    "model.py",
    "lifecycle.py",
    "findings.py",
    "trust.py",
    "receipts.py",
    "waiting.py",
    "pingback.py",
    "xmlrpc.py",
    "links.py",
    "tokens.py",
    "domains.py",
    "excerpt.py",
    "encoding.py",
    "document.py",
    "rendering.py",
    "sanitising.py",
    "nesting.py",
    "build.py",
    "syndication.py",
    "extensions.py",
    "jsonfeed.py",
    "conditional.py",
    "scopes.py",
    "pagination.py",
    "opml.py",
    "headers.py",
    "user_agents.py",
}
IMPURE_LIBRARIES = {"flask", "sqlalchemy", "socket", "http", "requests", "time"}


def imports_of(path: Path) -> set[str]:
    """The dotted names that a file imports, those for type checking too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("feedserver.")}


# The top of the house (app, services, server, cli …) may look into every room.
BELOW_THE_TOP = [
    path
    for path in FILES
    if path.relative_to(PACKAGE).parts[0] in LOOKS_INTO or (path.stem in SHARED and path.parent == PACKAGE)
]


@pytest.mark.parametrize("path", BELOW_THE_TOP, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    allowed = SHARED | {room, "__version__"} | LOOKS_INTO.get(room, set())
    if path.name in DOORS:
        allowed |= {"services"}

    assert rooms(imports_of(path)) <= allowed


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name in PURE], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_decisions_wire_and_formats_are_pure(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imports_of(path)}

    assert not libraries & IMPURE_LIBRARIES
    assert not {name for name in imports_of(path) if name.endswith("utc_now")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_clock_reads_the_clock(path: Path) -> None:
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }

    if path.name != "clock.py":
        assert not calls & {"datetime.now", "datetime.utcnow", "datetime.today", "time.time", "date.today"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
