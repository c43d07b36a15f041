from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.formats import movabletype, text_lines
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, Export, is_recognised, read

SAMPLE = SAMPLES / "movabletype/own-movabletype.txt"
HEAD = "AUTHOR: Mara\nTITLE: Spring\nBASENAME: spring\nSTATUS: Publish\nDATE: 03/04/2003 01:00:00 PM\n"


def entry(body: str, head: str = "", rest: str = "") -> str:
    return f"{HEAD}{head}-----\nBODY:\n{body}\n-----\n{rest}--------\n"


def export_of(tmp_path: Path, text: str | bytes, forgiving: bool = False) -> Export:
    file = tmp_path / "export.txt"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(movabletype, file, tmp_path, forgiving=forgiving)


def test_entries_comments_and_pings(tmp_path: Path) -> None:
    export = read(movabletype, SAMPLE, tmp_path, zone=ZoneInfo("Europe/Helsinki"))

    post, draft = export.posts
    assert (post.key, post.slug, post.title, post.format) == (
        "spring_in_the_meadow",
        "spring_in_the_meadow",
        "Spring in the meadow",
        "markdown",
    )
    assert post.text == "The larks are **back**.\n\nSTATUS: this line is body text, not a header.\n\nThe rest of it."
    assert post.published_at == datetime(2003, 3, 3, 22, 5, 9, tzinfo=UTC)
    assert (post.tags, post.authors, post.summary) == (
        ("Nature", "Birds", "larks", "tall grass"),
        ("Mara Field",),
        "Larks.",
    )
    assert (post.state, draft.state, draft.title, draft.comments_open) == ("published", "draft", "", False)
    assert draft.text == "<p>A draft without a title,<br>\nwith a single line break.</p>"
    comment, ping = export.thoughts
    assert (comment.text, comment.author_name) == ("Lovely!\n\nSecond paragraph.", "Ann Reader")
    assert comment.at == datetime(2003, 3, 5, 11, tzinfo=UTC)
    assert ping == ImportedThought(
        key=ping.key,
        where="line 1, “Spring in the meadow”",
        kind="pingback",
        state="shown",
        at=datetime(2003, 3, 6, 7, 30, tzinfo=UTC),
        text="As Mara writes ...",
        post="spring_in_the_meadow",
        source="https://river.example.com/walk",
        author_name="River Blog",
        title="A walk by the river",
    )
    assert "192.0.2" not in str(export.items)
    assert "@" not in str(export.items)
    assert is_recognised(movabletype, SAMPLE, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        "Heading\n-----\n\nWords",
        "<p>One\ntwo</p>\n\nthree",
        "-----\nBODY without a colon",
        "One\n\n--------\nTwo",
        "DATE: today\nSTATUS: Draft",
    ],
)
def test_a_text_may_look_like_the_lines_around_it(body: str, tmp_path: Path) -> None:
    (post,) = export_of(tmp_path, entry(body, "" if "<p>" in body else "CONVERT BREAKS: 0\n")).posts

    assert post.text == body
    assert (post.state, post.title) == ("published", "Spring")


@pytest.mark.parametrize(
    ("breaks", "form", "text"),
    [
        ("0", "html", "One\ntwo\n\n<h2>Three</h2>"),
        ("richtext", "html", "One\ntwo\n\n<h2>Three</h2>"),
        ("1", "html", "<p>One<br>\ntwo</p>\n\n<h2>Three</h2>"),
        ("__default__", "html", "<p>One<br>\ntwo</p>\n\n<h2>Three</h2>"),
        ("textile_2", "html", "<p>One<br>\ntwo</p>\n\n<h2>Three</h2>"),
        ("markdown_with_smartypants", "markdown", "One\ntwo\n\n<h2>Three</h2>"),
    ],
)
def test_line_breaks_are_taken_as_they_were_meant(breaks: str, form: str, text: str, tmp_path: Path) -> None:
    export = export_of(tmp_path, entry("One\ntwo\n\n<h2>Three</h2>", f"CONVERT BREAKS: {breaks}\n"))

    assert (export.posts[0].format, export.posts[0].text) == (form, text)
    assert export.told("changed") == (["a text in Textile"] if "textile" in breaks else [])


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        ("03/04/2003 12:00:00 AM", 0),
        ("03/04/2003 12:00:00 PM", 12),
        ("03/04/2003 01:00:00 PM", 13),
        ("03/04/2003 13:00:00", 13),
        ("03/04/2003 13:00:00 PM", 13),
        ("03/04/2003 00:00:00 AM", 0),
    ],
)
def test_hours_of_a_date(date: str, hour: int, tmp_path: Path) -> None:
    text = entry("Words").replace("03/04/2003 01:00:00 PM", date)

    assert export_of(tmp_path, text).posts[0].published_at == datetime(2003, 3, 4, hour, tzinfo=UTC)


def test_an_entry_without_a_date_that_can_be_read_is_told(tmp_path: Path) -> None:
    export = export_of(tmp_path, entry("Words").replace("03/04/2003", "31/31/2003"))

    assert (export.posts[0].published_at, export.told("changed")) == (None, ["an entry without a date"])


def test_line_ends_and_empty_lines_between_entries_do_not_matter(tmp_path: Path) -> None:
    text = (entry("One") + "\n\n" + entry("Two").replace("BASENAME: spring", "BASENAME: two")).replace("\n", "\r\n")

    export = export_of(tmp_path, b"\xef\xbb\xbf" + text.encode())

    assert [(post.key, post.text) for post in export.posts] == [("spring", "<p>One</p>"), ("two", "<p>Two</p>")]


def test_an_older_export_in_another_encoding_is_mended_with_forgiveness_only(tmp_path: Path) -> None:
    text = entry("Kev\xe4t").encode("latin-1")

    with pytest.raises(ImportDamaged, match=r"line 8: bytes that are no UTF-8"):
        export_of(tmp_path, text)
    export = export_of(tmp_path, text, forgiving=True)

    assert export.posts[0].text == "<p>Kevät</p>"
    assert [one.where for one in export.remarks] == ["line 8"]


def test_a_comment_with_a_line_that_looks_like_a_field(tmp_path: Path) -> None:
    rest = (
        "COMMENT:\nAUTHOR: Ann\nDATE: 03/05/2003 01:00:00 PM\nNOTE: words\nDATE: none\n-----\nCOMMENT:\nWords\n-----\n"
    )

    export = export_of(tmp_path, entry("Words", rest=rest))

    assert [one.text for one in export.thoughts] == ["NOTE: words\nDATE: none"]
    assert export.told("left out") == ["a comment"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nJust words\n", "line 2: no entry of Movable Type begins so"),
        ("", "no export of Movable Type"),
        ("TITLE: x\n-----\nBODY:\n" + "x" * 5_000_000, "line 4: more than 4,194,304 bytes"),
        ("TITLE: x\n-----\nBODY:\n" + ("x" * 1000 + "\n") * 9_000, "an entry of more than 8,388,608 characters"),
    ],
    ids=["words", "empty", "line", "entry"],
)
def test_what_is_none_or_too_large_is_one_line(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=problem):
        export_of(tmp_path, text)


def test_many_empty_lines_take_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"\n" * 50_000 + b"end\n")

    with file.open("rb") as opened:
        lines = list(text_lines.Lines(opened, "x", forgiving=False))

    assert (len(lines), lines[0].next_text, lines[-2].next_text) == (50_001, "", "end")
