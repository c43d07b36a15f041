"""`feedserver account …` and `feedserver app …`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ADDRESS = "http://blog.example/desk/welcome/"


@pytest.fixture(autouse=True)
def ann(run: Run, site: Path) -> None:
    assert run("account", "add", "ann").status == 0


def test_the_last_line_printed_is_an_address(run: Run) -> None:
    made = run("account", "add", "bob").out[-1], run("account", "link", "Ann").out[-1]

    assert all(address.startswith(ADDRESS) for address in made)
    assert made[0] != made[1]


def test_accounts_are_listed_until_they_are_removed(run: Run) -> None:
    (row,) = json.loads(run("account", "list", "--json").text)
    assert list(row) == ["name", "created_at", "signed_in_at", "sessions", "totp"]
    assert (row["name"], row["signed_in_at"], row["sessions"], row["totp"]) == ("ann", None, 0, False)
    assert run("account", "list").out[0].split() == ["name", "created", "at", "signed", "in", "at", "sessions", "totp"]

    assert run("account", "remove", "ANN").status == 0
    assert json.loads(run("account", "list", "--json").text) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("account", "add", "Ann"),
        ("account", "add", " "),
        ("account", "add", "a\u202eb"),
        ("account", "add", "x" * 65),
        ("account", "link", "bob"),
        ("account", "remove", "bob"),
        ("app", "add", "MarsEdit", "--account", "bob"),
        ("app", "add", ""),
        ("app", "remove", "MarsEdit"),
        ("app", "remove", "7"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


def test_an_app_gets_a_token_with_all_scopes_or_those_that_are_said(run: Run) -> None:
    token = run("app", "add", "MarsEdit").out[-1]
    for name, scopes in {
        "one": ["create"],
        "two": ["create,media"],
        "three": ["draft", "media", "--scope", "update"],
    }.items():
        assert run("app", "add", name, "--scope", *scopes).status == 0

    rows = json.loads(run("app", "list", "--json").text)
    assert [list(row) for row in rows] == [["id", "name", "account", "scopes", "created_at", "last_used_at"]] * 4
    assert {row["name"]: row["scopes"] for row in rows} == {
        "MarsEdit": ["create", "delete", "draft", "media", "undelete", "update"],
        "one": ["create"],
        "two": ["create", "media"],
        "three": ["draft", "media", "update"],
    }
    assert token not in run("app", "list", "--json").text
    assert {row["account"] for row in rows} == {"ann"}


def test_an_unknown_scope_is_wrong_usage(run: Run) -> None:
    assert run("app", "add", "MarsEdit", "--scope", "everything").status == 2


def test_of_several_accounts_it_has_to_be_said_whose_app_it_is(run: Run) -> None:
    run("account", "add", "bob")

    refused = run("app", "add", "MarsEdit")
    assert (refused.status, "--account" in refused.err[0]) == (1, True)
    assert run("app", "add", "MarsEdit", "--account", "bob").status == 0

    run("account", "remove", "bob")
    run("account", "remove", "ann")
    assert "account add" in run("app", "add", "MarsEdit").err[0]


def test_an_app_is_removed_by_its_name_or_id(run: Run) -> None:
    run("app", "add", "MarsEdit")
    run("app", "add", "Quill")
    number = json.loads(run("app", "list", "--json").text)[0]["id"]

    assert run("app", "remove", "MarsEdit").status == 0
    assert run("app", "remove", number).status == 0
    assert json.loads(run("app", "list", "--json").text) == []
