"""Tables of all listings: a heading, a hundred columns of a terminal, times of the site's zone; JSON as it comes."""

import json
import os
import termios
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feedserver.cli.arguments import print_fields, print_list

AT = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
LONG = "long words of a stranger " * 40
Printed = pytest.CaptureFixture[str]


def table(printed: Printed, rows: list[dict[str, Any]], **options: Any) -> list[str]:
    print_list(rows, as_json=False, columns=list(rows[0]), **options)
    return printed.readouterr().out.splitlines()


def columns_of(line: str) -> int:
    """The columns that a terminal takes for letters, ideographs and emoji."""
    return sum(2 if character >= "\u1100" and character != "…" else 1 for character in line if character != "\u0301")


def test_a_table_has_a_heading_and_aligned_columns(capsys: Printed) -> None:
    rows: list[dict[str, Any]] = [{"slug": "a", "published_at": AT}, {"slug": "longer", "published_at": None}]

    assert table(capsys, rows) == ["slug    published at", "a       2026-07-31 22:30", "longer  –"]


def test_a_table_of_nothing_is_nothing(capsys: Printed) -> None:
    print_list([], as_json=False, columns=["slug"])

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "text",
    [LONG, "語" * 200, "e\u0301" * 200, "🐝" * 200, "x" * 10_000],
    ids=["words", "wide", "marks", "emoji", "word"],
)
def test_long_cells_are_cut_so_that_a_line_fits_a_hundred_columns(capsys: Printed, text: str) -> None:
    heading, line = table(capsys, [{"id": 12, "at": AT, "who": text, "words": text, "why": "short"}])

    assert 90 < columns_of(line) <= 100
    assert line.count("…") == 2
    assert line.startswith("12  2026-07-31 22:30  ")
    assert line.endswith("  short")
    assert heading.index("why") + len("short") <= 100


@pytest.mark.parametrize(("columns", "most"), [(60, 80), (80, 80), (90, 90), (100, 100), (240, 100)])
def test_a_table_fits_a_terminal_of_eighty_to_a_hundred_columns(
    monkeypatch: pytest.MonkeyPatch, columns: int, most: int
) -> None:
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    with os.fdopen(terminal, "w") as output, os.fdopen(screen) as shown:
        monkeypatch.setattr("sys.stdout", output)
        print_list([{"id": 12, "at": AT, "words": LONG, "why": "short"}], as_json=False, columns=["id", "at", "words"])
        output.flush()
        _, line = shown.readline(), shown.readline().rstrip("\n")

    assert most - 1 <= columns_of(line) <= most


def test_what_is_no_terminal_has_a_hundred_columns_whatever_a_variable_says(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    _, line = table(capsys, [{"words": LONG}])

    assert 99 <= columns_of(line) <= 100


def test_the_roomy_column_gets_most_of_a_line(capsys: Printed) -> None:
    _, line = table(capsys, [{"who": "w" * 200, "words": "x" * 200}], roomy=("words",))

    assert line.count("x") > 1.9 * line.count("w")


def test_wide_characters_are_counted_twice_where_columns_are_aligned(capsys: Printed) -> None:
    _, wide, narrow = table(capsys, [{"a": "語語", "b": "x"}, {"a": "abcd", "b": "x"}])

    assert (wide, narrow) == ("語語  x", "abcd  x")


def test_times_are_those_of_the_zone_in_tables_and_utc_in_json(capsys: Printed) -> None:
    zone = ZoneInfo("Europe/Berlin")

    assert table(capsys, [{"at": AT}], zone=zone)[1] == "2026-08-01 00:30"
    print_fields({"at": AT}, as_json=False, zone=zone)
    assert capsys.readouterr().out == "at: 2026-08-01 00:30 CEST\n"
    print_list([{"at": AT}], as_json=True, columns=["at"], zone=zone)
    assert json.loads(capsys.readouterr().out) == [{"at": "2026-07-31T22:30:00Z"}]


def test_no_character_of_a_stranger_changes_the_terminal(capsys: Printed) -> None:
    _, line = table(capsys, [{"who": "a\x1b[31m\u202e\u2067b\r\nc\u2028d\x9be"}])

    assert line == "a[31mb c de"


def test_truth_is_written_as_in_toml(capsys: Printed) -> None:
    assert [line.strip() for line in table(capsys, [{"value": True}, {"value": False}])] == ["value", "true", "false"]


def test_json_is_printed_as_its_rows_come(capsys: Printed) -> None:
    printed_before: list[str] = []

    def rows() -> Iterator[dict[str, Any]]:
        yield {"id": 1}
        yield {"id": 2}
        printed_before.append(capsys.readouterr().out)
        yield {"id": 3, "lines": ["a", "b"]}

    print_list(rows(), as_json=True, columns=())

    whole = printed_before[0] + capsys.readouterr().out
    assert '"id": 1' in printed_before[0]
    assert json.loads(whole) == [{"id": 1}, {"id": 2}, {"id": 3, "lines": ["a", "b"]}]


def test_a_value_in_a_value_keeps_its_lines_too(capsys: Printed) -> None:
    print_fields({"id": 1, "pending": {"title": None, "excerpt": "One.\n\nTwo."}}, as_json=False)

    assert capsys.readouterr().out.split("\n")[:-1] == [
        *("id: 1", "pending:", "  title: –", "  excerpt:", "    One.", "    ", "    Two."),
    ]
