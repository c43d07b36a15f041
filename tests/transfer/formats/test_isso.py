import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import isso
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, is_recognised, read

PAGE = "/2023/03/04/spring-in-the-meadow/"
SCHEMA = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL,
    modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR NOT NULL, author VARCHAR, email VARCHAR,
    website VARCHAR);
INSERT INTO threads VALUES (1, '/x/', 'X');
"""
COMMENT = (
    "INSERT INTO comments VALUES (1, {}, NULL, 1677996000.0, NULL, {}, '192.0.2.1', {}, 'Ann', 'a@b.example', NULL)"
)


def database_of(file: Path, script: str) -> Path:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(script)
    return file


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return database_of(tmp_path / "comments.db", (SAMPLES / "isso/own-isso-0.14.0.sql").read_text("utf-8"))


def test_the_comments_of_a_database(sample: Path, tmp_path: Path) -> None:
    export = read(isso, sample, tmp_path)

    assert is_recognised(isso, sample, tmp_path)
    assert [one.key for one in export.thoughts] == [str(number) for number in range(1, 11)]
    assert export.thought("1") == ImportedThought(
        key="1",
        where="comments.db, comment 1",
        kind="comment",
        state="shown",
        at=datetime(2023, 3, 5, 6, tzinfo=UTC),
        text="Lovely!\n\nTwo paragraphs & markup, 1 < 2.",
        target=PAGE,
        author_name="Ann Reader",
        author_url="https://ann.example.org/",
    )
    assert (export.thought("2").parent, export.thought("10").target) == ("1", "/about/")
    assert export.thought("4").author_name == "A walk by the river – River Blog"
    assert export.thought("4").text.startswith("[…] as Mara")
    assert [one.key for one in export.thoughts if one.state == "held"] == ["7", "8"]
    assert "192.0.2" not in str(export.items)
    assert "@" not in str(export.thoughts)


def test_reading_leaves_the_database_as_it_is(sample: Path, tmp_path: Path) -> None:
    before = sample.read_bytes()

    read(isso, sample, tmp_path)

    assert sample.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["comments.db"]


def test_what_was_deleted_is_left_out_and_its_answers_stay(tmp_path: Path) -> None:
    script = SCHEMA + COMMENT.format(1, 4, "''") + ";" + COMMENT.format(2, 1, "'Answer'").replace("NULL", "1", 1)

    export = read(isso, database_of(tmp_path / "comments.db", script), tmp_path)

    assert [(one.key, one.parent) for one in export.thoughts] == [("2", "1")]
    assert [remark.why for remark in export.remarks] == ["it was deleted"]


def test_what_its_own_import_takes(tmp_path: Path) -> None:
    export = read(isso, SAMPLES / "isso/generic.json", tmp_path, zone=ZoneInfo("Europe/Helsinki"))

    first, second = export.thoughts
    assert (first.target, first.author_name, first.author_url) == (
        "/posts/0001/",
        "texas holdem",
        "http://www.tigerspice.com",
    )
    assert second.at == datetime(2005, 5, 8, 3, 50, 26, tzinfo=UTC)
    assert "person3" not in str(export.items)
    assert is_recognised(isso, SAMPLES / "isso/generic.json", tmp_path)


def test_comments_with_the_same_id_on_a_page_are_told_apart(tmp_path: Path) -> None:
    comment = {"id": 0, "text": "Words", "created": "2005-02-24 04:03:37", "remote_addr": "192.0.2.1"}
    file = tmp_path / "x.json"
    file.write_text(json.dumps([{"id": "/x/", "comments": [comment, comment, {**comment, "text": []}]}]))

    export = read(isso, file, tmp_path)

    assert [one.key for one in export.thoughts] == ["/x/ 0", "/x/ 0, 2"]
    assert len(export.remarks) == 1


def overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 + 100 : 4096 + 3000] = b"\xff" * 2900
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def with_lost_pages(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[36:40] = (7).to_bytes(4)  # of the header: how many pages are free
    file.write_bytes(content)


def as_a_view(file: Path) -> None:
    file.unlink()
    database_of(file, "CREATE TABLE x (uri, comments, threads); CREATE VIEW comments AS SELECT 1 AS id, * FROM x;")


def with_endless_rows(file: Path) -> None:
    file.unlink()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS tid FROM n"
    database_of(file, f"CREATE TABLE threads (id, uri); CREATE VIEW comments AS {endless};")


def without_columns(file: Path) -> None:
    file.unlink()
    database_of(file, "CREATE TABLE threads (id, uri); CREATE TABLE comments (id);")


def with_a_huge_text(file: Path) -> None:
    file.unlink()
    database_of(file, SCHEMA + COMMENT.format(1, 1, "zeroblob(20000000)"))


def with_a_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").write_bytes(b"x")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (overwritten, "damaged"),
        (cut, "damaged"),
        (with_lost_pages, "the database is damaged: .+"),
        (as_a_view, "lacks the table"),
        (with_endless_rows, "lacks the table"),
        (without_columns, "no database of Isso"),
        (with_a_huge_text, "too big"),
        (with_a_log, "stop Isso"),
    ],
)
def test_a_damaged_or_hostile_database_is_one_line(
    damage: Callable[[Path], None], problem: str, sample: Path, tmp_path: Path
) -> None:
    damage(sample)

    with pytest.raises(ImportRefused, match=problem) as refused:
        read(isso, sample, tmp_path)

    assert "\n" not in str(refused.value)


def test_a_dump_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"sqlite3 comments\.db < dump\.sql"):
        read(isso, SAMPLES / "isso/own-isso-0.14.0.sql", tmp_path)


def test_values_of_other_types_are_told(tmp_path: Path) -> None:
    script = SCHEMA + COMMENT.format(1, 1, "x'00ff'") + ";" + COMMENT.format(2, "'?'", "'Held'") + ";"
    script += COMMENT.format(3, 1, "'No page'").replace("(1, 3", "(7, 3")

    export = read(isso, database_of(tmp_path / "x.db", script), tmp_path)

    assert [(one.key, one.state) for one in export.thoughts] == [("2", "held")]
    assert len(export.remarks) == 2
