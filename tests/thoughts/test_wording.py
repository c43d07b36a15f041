"""Lines of receipts and refusals are known as the messages that they are."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import feedserver
from feedserver import errors
from feedserver.languages.english import ENGLISH
from feedserver.languages.messages import Message
from feedserver.thoughts import lifecycle, webmention
from feedserver.thoughts.model import STATES, decision_line
from feedserver.thoughts.wording import message_of

PACKAGE = Path(feedserver.__file__).parent
TOLD = {  # what files tell senders, by the names of what is called with it
    "net": {"NotText", "HostUnknown", "TimedOut", "ConnectionFailed", "RedirectRefused", "BadStatus"},
    "thoughts/verification": {"Inspection", "Unlinked", "BudgetSpent"},
    "thoughts/source": set(),
}


def said_in(folder: str, called: set[str]) -> Iterator[str]:
    """The texts with which these are called, and what is given back as such; places hold a number."""
    paths = set((PACKAGE / folder).rglob("*.py")) - {PACKAGE / "net/own_server.py"}  # of which `doctor` tells
    for path in sorted(paths):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in called and (text := text_of(node.args[0])):
                    yield text.replace("{peer}", "the source")


def text_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def refusals() -> list[str]:
    kinds: list[type[errors.PingError]] = [errors.PingError, *errors.PingError.__subclasses__()]
    return [kind.text for kind in kinds]


LINES = [
    *(text for folder, called in TOLD.items() for text in said_in(folder, called)),
    *refusals(),
    *webmention._SUMMARIES.values(),
    *webmention._OF_KNOWN.values(),
    webmention._NOT_SHOWN,
    webmention.internal_error().summary,
    *STATES,
    *("received", "fetched", "found", "decided", "erased"),
    lifecycle.NEEDS_APPROVAL.reason,
    lifecycle.ERASED,
    lifecycle._BACK,
    *(lifecycle._reason(event) for event in (lifecycle.Unlinked(), lifecycle.Unread(), lifecycle.Missing())),
    decision_line("held", "waits for approval"),
    "status 200, 1234 bytes; only the first 1234 bytes were read; the rest did not come",
    "not fetched: the source answered 503 (attempt 3)",
    "a further ping; it is verified again (4 times, this was the last)",
    "the field “source” is there 2 times; send it once",
]


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_each_line_is_known_and_says_in_english_what_it_is(line: str) -> None:
    message = message_of(line)

    assert message is not None
    assert ENGLISH.translated(message) == line


def test_the_parts_of_a_line_are_messages_too() -> None:
    waits, state = Message("waits for approval"), Message("held")

    message = message_of("held: waits for approval (attempt 3)")

    assert message is not None
    assert message.values == {"count": "3", "line": Message("%(state)s: %(line)s", {"state": state, "line": waits})}


@pytest.mark.parametrize("line", ["", "something else", "status"])
def test_other_lines_are_none_of_ours(line: str) -> None:
    assert message_of(line) is None
