"""What the papers say is there: commands with their options, targets of make, files, settings, headings, modules."""

import argparse
import os
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from feedserver.cli.arguments import parser
from feedserver.settings import keys, variable

CHECKOUT = Path(__file__).parents[1]
INTERFACE = (CHECKOUT / "docs" / "interface.md").read_text("utf-8")
HEADINGS = [
    "Commands",
    "Settings",
    "Posts",
    "Addresses",
    "pingback.ping",
    "Webmentions that come in",
    "Erasing",
    "Shapes of JSON",
    "Feeds over HTTP",
    "Pings that go out",
    "WebSub",
    "The author's desk",
    "Notices",
    "Writing apps",
    "Pictures and files",
    "Pages that are no posts",
    "Languages and themes",
    "History, previews and the bin",
    "Search",
    "Redirects",
    "Growing old",
    "Moving in",
    "Moving out",
    "Backup and restore",
]


def test_the_interface_has_its_chapters() -> None:
    assert re.findall(r"^## (.+)$", INTERFACE, re.MULTILINE) == HEADINGS


def test_every_setting_is_part_of_the_interface() -> None:
    assert [key for key in keys() if f"`{key}`" not in INTERFACE] == []


def test_what_code_cites_of_the_interface_is_there() -> None:
    texts = [path.read_text("utf-8") for room in ("feedserver", "tests") for path in (CHECKOUT / room).rglob("*.py")]
    cited = re.findall(r"docs/interface\.md,\s+“([^”]+)”", "\n".join(texts))

    assert [heading for heading in cited if heading not in HEADINGS] == []


def test_every_module_has_its_place_in_the_architecture() -> None:
    package = CHECKOUT / "feedserver"
    modules = {
        path for path in package.rglob("*.py") if "migrations" not in path.parts and not path.stem.startswith("_")
    }
    words = set(re.findall(r"\w+", (CHECKOUT / "ARCHITECTURE.md").read_text("utf-8")))

    assert {str(path.relative_to(package)) for path in modules if path.stem not in words} == set()


# --- what people are told to type ---

CODE = re.compile(r"^ {4}(.+)$|`([^`]+)`", re.MULTILINE)
TYPED = [
    *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((CHECKOUT / "docs").glob("*.md")),
    *sorted((CHECKOUT / "config").glob("*.service")),
    *sorted((CHECKOUT / "config").glob("*.timer")),
]


def typed(path: Path) -> Iterator[str]:
    """The pieces of code in a paper, and the comments of a unit."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        yield from (" ".join((found[1] or found[2]).split()) for found in CODE.finditer(text) if found[1] or found[2])
    else:
        yield from (line.lstrip("# ") for line in text.splitlines() if line.startswith("#     "))


def verbs(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a command."""
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


@pytest.fixture(scope="module")
def commands() -> argparse.ArgumentParser:
    modules = [import_module(f"feedserver.cli.{path.stem}") for path in (CHECKOUT / "feedserver/cli").glob("[a-z]*.py")]
    return parser([module.add_commands for module in modules if hasattr(module, "add_commands")])


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.name)
def test_every_command_that_is_named_exists_with_its_options(path: Path, commands: argparse.ArgumentParser) -> None:
    unknown = []
    for text in typed(path):
        for line in re.findall(r"^(?!feedserver )[a-z][^;|&#]*|(?<=feedserver )[a-z][^;|&#]*", text):
            words = line.split()
            found = verbs(commands).get(words[0])
            if found is None:
                continue
            for verb in words[1].split("/") if verbs(found) and len(words) > 1 else [""]:
                command = verbs(found).get(verb) if verb else found
                options = re.findall(r"--[a-z-]+", line)
                if command is None or not set(options) <= set(command._option_string_actions):
                    unknown.append(line)

    assert unknown == []


def test_a_command_that_is_not_there_would_be_found(commands: argparse.ArgumentParser) -> None:
    assert {"serve", "post", "config"} <= set(verbs(commands))
    assert {"show", "init", "samples"} <= set(verbs(verbs(commands)["config"]))
    assert "--bind" in verbs(commands)["serve"]._option_string_actions
    assert any("feedserver config init" in text for text in typed(CHECKOUT / "README.md"))


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.name)
def test_every_target_of_make_and_every_variable_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE))
    variables = {variable(key) + ending for key in keys() for ending in ("", "_FILE")} | {"FEEDSERVER_CONFIG"}

    code = "\n".join(typed(path))

    assert {target for target in re.findall(r"^make ([a-z-]+)", code, re.MULTILINE) if target not in targets} == set()
    assert {name for name in re.findall(r"FEEDSERVER_[A-Z_]+", code) if name not in variables} == set()


@pytest.mark.parametrize("path", [path for path in TYPED if path.suffix == ".md"], ids=lambda path: path.name)
def test_every_file_that_is_linked_is_there(path: Path) -> None:
    text = re.sub(
        r"(`+)(?!`).+?(?<!`)\1(?!`)", "", path.read_text("utf-8"), flags=re.DOTALL
    )  # without code, which may be a document's
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(("arguments", "bound"), [([], ""), (["PORT=8001"], " --bind 127.0.0.1:8001")])
def test_make_serve_takes_a_port(arguments: list[str], bound: str) -> None:
    command = ["make", "--dry-run", "--old-file=here/.serves", "VENV=here", "serve", *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

    shown = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=True, timeout=30)

    assert shown.stdout.splitlines()[-1].rstrip() == f"here/bin/feedserver serve{bound}"
