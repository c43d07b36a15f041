"""House rules: which way imports point, which modules are pure, who reads the clock, what migrations may import.

Which modules are pure is said by their docstrings, or by that of their folder.
"""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from feedserver.storage.schema import metadata

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "feedserver"
MIGRATIONS = sorted((PACKAGE / "storage/migrations").rglob("*.py"))
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)

# Small modules that every package may import.
SHARED = {
    "clock",
    "condition",
    "content_coding",
    "content_security",
    "disk",
    "domains",
    "errors",
    "host_names",
    "languages",
    "private_files",
    "request_body",
    "probe",
    "request_ids",
    "setting_sources",
    "setting_types",
    "settings",
    "shown_settings",
    "text",
    "tokens",
    "urls",
    "workplace",
    "xmlrpc",
    "__version__",
}
# The packages that a package may import, besides itself. What is not listed (app, services, server, cli …) puts the
# parts together and may import every package.
MAY_IMPORT = {
    "storage": set(),
    "accounts": {"storage"},
    "desk": {
        *"accounts authoring feeds health jobs media notices pages posts".split(),
        *"readership sending storage thoughts web websub".split(),
    },
    "net": set(),
    "jobs": {"storage"},
    "media": {"storage"},
    "posts": {"media", "storage", "jobs"},
    "redirects": {"posts", "storage"},
    "search": {"posts", "storage"},
    "thoughts": {"redirects", "posts", "storage", "jobs"},
    "readership": {"storage"},
    "transfer": {"search", "thoughts", "redirects", "posts", "media", "jobs", "storage"},
    "feeds": {"thoughts", "posts", "storage"},
    "sending": {"thoughts", "posts", "jobs", "storage"},
    "notices": {"thoughts", "jobs", "storage"},
    "websub": {"feeds", "thoughts", "posts", "jobs", "storage"},
    "authoring": {"web", "accounts", "feeds", "thoughts", "posts", "media", "storage"},
    "metrics": {"thoughts", "jobs", "storage"},
    "pages": {"feeds", "search", "sending", "thoughts", "posts", "media", "storage"},
    "web": {"feeds", "media"},
}
# The folders of `transfer` and what each may import besides itself and the modules beside it.
TRANSFER = {
    "backups": set(),
    "exports": {"backups"},
    "formats": {"exports"},
    "imports": {"formats", "exports", "backups"},
}
# Who contacts addresses that strangers name.
MAY_IMPORT_NET = (
    "thoughts/verification",
    "sending/",
    "websub/",
    "transfer/",
    "notices/",
    "authoring/indieauth",
    "doctor/",
)
# What can open connections. `server` and `listening` set up listening sockets; the others take constants and values.
CAN_CONNECT = {
    "asyncio",
    "ftplib",
    "http.client",
    "http.server",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "urllib.request",
}
MAY_IMPORT_SMTP = {"notices/smtp.py"}  # to the mail server of the operator
MAY_IMPORT_SOCKET = {"host_names.py", "listening.py", "server.py", "web/bodies.py"}
# What of the checkout is the project's, besides the files at its root; and what of it may be no text.
ROOMS = (".ci", "bench", "config", "docs", "feedserver", "tests")
MAY_BE_BINARY = ("docs/", "tests/data/", "feedserver/pages/static/", "feedserver/desk/static/")
# Flask views reach the parts of the application through `services`.
VIEWS = {
    "authoring/xmlrpc_apps/bodies.py",
    "authoring/xmlrpc_apps/views.py",
    "desk/account.py",
    "desk/bodies.py",
    "desk/editor.py",
    "desk/editor_form.py",
    "desk/editor_pages.py",
    "desk/editor_preview.py",
    "desk/authorize.py",
    "desk/form_limits.py",
    "desk/frame.py",
    "desk/history.py",
    "desk/inbox.py",
    "desk/media.py",
    "desk/moderating.py",
    "desk/post_outcome.py",
    "desk/posts.py",
    "desk/readers.py",
    "desk/saving.py",
    "desk/sign_in.py",
    "desk/site.py",
    "desk/uploads.py",
    "authoring/indieauth/views.py",
    "authoring/micropub/queries.py",
    "authoring/micropub/views.py",
    "feeds/autodiscovery.py",
    "feeds/browsing.py",
    "feeds/views.py",
    "media/views.py",
    "metrics/views.py",
    "notices/views.py",
    "pages/archive.py",
    "pages/comment_form.py",
    "pages/crawlers.py",
    "pages/oembed.py",
    "pages/old_addresses.py",
    "pages/post_page.py",
    "pages/previews.py",
    "pages/private.py",
    "pages/responses.py",
    "pages/search.py",
    "pages/search_feeds.py",
    "pages/site_pages.py",
    "pages/views.py",
    "thoughts/views.py",
    "thoughts/webmention_views.py",
    "websub/views.py",
}
IMPURE_LIBRARIES = {"flask", "sqlalchemy", "socket", "http", "requests", "time"}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@cache
def tree_of(path: Path) -> list[ast.AST]:
    """All nodes of a file, the module first."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """The dotted names that a file imports, those for type checking too."""
    names: set[str] = set()
    for node in tree_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def said_of(path: Path) -> str:
    """The docstring of a module."""
    module = tree_of(path)[0]
    return (isinstance(module, ast.Module) and ast.get_docstring(module)) or ""


def says_pure(path: Path) -> bool:
    of_folder = said_of(path.parent / "__init__.py")
    return bool(re.search(r"\bpure\b", said_of(path), re.IGNORECASE) or re.search(r"\bPure\.", of_folder))


def calls_of(path: Path) -> set[str]:
    """What a file calls by two names: `datetime.now`."""
    return {
        f"{node.func.value.id}.{node.func.attr}"
        for node in tree_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }


def packages_of(names: Iterable[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("feedserver.")}


def allowed_packages(path: Path) -> set[str]:
    package = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = SHARED | {package} | MAY_IMPORT.get(package, set())
    if name_of(path) in VIEWS:
        allowed |= {"services"}
    if name_of(path).startswith(MAY_IMPORT_NET):
        allowed |= {"net"}
    return allowed


def but_for_nothing(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """What was found where, without the files in which nothing was."""
    return {name: names for name, names in found.items() if names}


def is_left_by_tools(path: Path) -> bool:
    """Whether it is the work of Python or of coverage, which .gitignore names."""
    return "__pycache__" in path.parts or path.name.startswith(".coverage")


def is_binary(path: Path) -> bool:
    content = path.read_bytes()
    try:
        return "\0" in content.decode("utf-8")
    except UnicodeDecodeError:
        return True


# Each rule is one test of all files, whose failure names them: a test for each file would be a thousand tests.
def test_imports_point_one_way() -> None:
    top = {*MAY_IMPORT, *SHARED}
    below = [path for path in FILES if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in top]

    assert (
        but_for_nothing({name_of(path): packages_of(imports_of(path)) - allowed_packages(path) for path in below}) == {}
    )


def test_nothing_may_be_imported_that_is_not() -> None:
    used: dict[str, set[str]] = {package: set() for package in MAY_IMPORT}
    for path in FILES:
        if (package := path.relative_to(PACKAGE).parts[0]) in used:
            used[package] |= packages_of(imports_of(path))

    assert but_for_nothing({package: MAY_IMPORT[package] - names for package, names in used.items()}) == {}


@pytest.mark.parametrize("folder", sorted(TRANSFER))
def test_the_folders_of_transfer_import_one_another_one_way(folder: str) -> None:
    names = {name for path in (PACKAGE / "transfer" / folder).rglob("*.py") for name in imports_of(path)}
    imported = {name.split(".")[2] for name in names if name.startswith("feedserver.transfer.")}

    assert imported & set(TRANSFER) <= TRANSFER[folder] | {folder}


def test_only_the_guarded_way_out_can_open_connections() -> None:
    able: dict[str, set[str]] = {}
    for path in FILES:
        imported = {f"{name}." for name in imports_of(path)}
        able[name_of(path)] = {one for one in CAN_CONNECT if any(name.startswith(f"{one}.") for name in imported)}
        if name_of(path) in MAY_IMPORT_SOCKET:
            able[name_of(path)] -= {"socket"}
        if name_of(path) in MAY_IMPORT_SMTP:
            able[name_of(path)] -= {"smtplib", "ssl"}

    assert {name: names for name, names in but_for_nothing(able).items() if not name.startswith("net/")} == {}


def test_one_place_connects_a_socket_and_another_one_to_the_own_server() -> None:
    connecting = {
        name_of(path)
        for path in FILES
        for node in tree_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"connect", "connect_ex", "create_connection"}
        if isinstance(node.value, ast.Name) and node.value.id in {"sock", "socket"}
    }

    assert connecting == {"net/connection.py", "net/own_server.py"}


def test_what_is_called_pure_is() -> None:
    pure = {name_of(path): imports_of(path) for path in FILES if says_pure(path)}
    libraries = {name: {one.split(".")[0] for one in names} & IMPURE_LIBRARIES for name, names in pure.items()}
    clocks = {name: {one for one in names if one.endswith("utc_now")} for name, names in pure.items()}

    assert pure
    assert but_for_nothing(libraries) == {}
    assert but_for_nothing(clocks) == {}


def test_only_the_clock_module_reads_the_clock() -> None:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "time.time", "date.today"}
    others = [path for path in FILES if path.name != "clock.py"]

    assert but_for_nothing({name_of(path): calls_of(path) & clocks for path in others}) == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in FILES if not said_of(path)] == []


def test_no_binary_file_stands_where_none_belongs() -> None:
    """Neither at the root, where a program that was started there would leave its files, nor beside the code."""
    rooms = [path for name in ROOMS for path in (CHECKOUT / name).rglob("*")]
    files = [path for path in (*CHECKOUT.iterdir(), *rooms) if path.is_file() and not is_left_by_tools(path)]
    binary = {path.relative_to(CHECKOUT).as_posix() for path in files if is_binary(path)}

    assert {name for name in binary if not name.startswith(MAY_BE_BINARY)} == set()
    assert binary, "the icon is one"


def test_a_migration_imports_nothing_of_feedserver() -> None:
    own = {path.name: {name for name in imports_of(path) if name.split(".")[0] == "feedserver"} for path in MIGRATIONS}

    assert but_for_nothing(own) == {}


def test_the_map_in_the_architecture_names_every_module_and_the_list_of_data_every_table() -> None:
    text = (PACKAGE.parent / "ARCHITECTURE.md").read_text("utf-8")
    the_map, _, rest = text.partition("Imports point one way")
    data = rest.partition("## The data")[2].partition("## Errors")[0]
    # `cli` has a file for each noun.
    modules = {path.stem for path in FILES if path.parent.name != "cli"} - {"__init__", "__main__"}

    assert {name for name in modules if not re.search(rf"\b{name}\b", the_map)} == set()
    assert {name for name in metadata.tables if f"`{name}`" not in data} == set()
