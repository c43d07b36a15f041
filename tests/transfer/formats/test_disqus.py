from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.formats import disqus
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, Export, is_recognised, read

DISQUS = SAMPLES / "disqus"
TARGET = "http://old.example.org/2023/03/spring/"


def export_of(tmp_path: Path, post: str, thread: str = "<link>https://old.example/x</link>") -> Export:
    file = tmp_path / "export.xml"
    file.write_text(
        '<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">'
        f'<post dsq:id="1"><message>Words</message><createdAt>2023-03-05T04:00:00Z</createdAt>{post}'
        f'<thread dsq:id="9"/></post><thread dsq:id="9">{thread}</thread></disqus>'
    )
    return read(disqus, file, tmp_path)


def test_the_comments_of_a_page_with_two_threads(tmp_path: Path) -> None:
    export = read(disqus, DISQUS / "own-traps.xml", tmp_path)

    assert export.origin.url == "http://old.example.org/"
    assert export.thought("100") == ImportedThought(
        key="100",
        where="line 5, comment 100",
        kind="comment",
        state="shown",
        at=datetime(2023, 3, 5, 4, tzinfo=UTC),
        text="First & link (https://example.com/)",
        target=TARGET,
        author_name="Ann",
    )
    assert (export.thought("102").parent, export.thought("102").target) == (
        "100",
        "https://www.old.example.org/2023/03/spring/index.html?utm_source=a#comments",
    )
    assert {one.key: one.state for one in export.thoughts} == {
        "100": "shown",
        "102": "shown",
        "104": "shown",
        "105": "spam",
    }
    assert [(one.where, one.why) for one in export.remarks] == [("line 7, comment 103", "it was deleted")]


def test_threads_without_id_and_comments_without_thread(tmp_path: Path) -> None:
    export = read(disqus, DISQUS / "isso-tests-disqus.xml", tmp_path)

    assert [one.key for one in export.thoughts] == ["4", "5", "8", "11"]
    assert [one.why for one in export.remarks] == ["its page is not in the export", "it was deleted"]
    assert "example.org" not in str([one.text + one.author_name for one in export.thoughts])
    assert "127.0.0.1" not in str(export.items)


def test_junk_before_the_start_and_damage_are_mended_with_forgiveness_only(tmp_path: Path) -> None:
    file = DISQUS / "remark42-disqus.xml"

    with pytest.raises(ImportDamaged, match="line 1"):
        read(disqus, file, tmp_path)
    export = read(disqus, file, tmp_path, forgiving=True)

    assert {one.key: one.state for one in export.thoughts} == {
        "299619020": "shown",
        "299744309": "shown",
        "299986072": "shown",
        "12345678890": "shown",
        "299986073": "spam",
    }
    assert export.thought("299744309").text.endswith("windows-explorer.aspx")
    assert {one.where for one in export.remarks if one.treatment == "mended"} >= {"line 1", "line 147"}
    assert is_recognised(disqus, file, tmp_path)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://disq.us/url?url=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%3AaB-_9&cuid=1", "https://example.com/a?b=c"),
        ("http://disq.us/url?url=http%3A%2F%2Fexample.com%2F", "http://example.com/"),
        ("https://disq.us/url?cuid=1", "https://disq.us/url?cuid=1"),
        ("https://example.com/url?url=x", "https://example.com/url?url=x"),
    ],
)
def test_a_counting_redirect_is_its_target(address: str, target: str) -> None:
    assert disqus.target_of(address) == target


def test_threads_may_follow_their_comments(tmp_path: Path) -> None:
    assert export_of(tmp_path, "").thoughts[0].target == "https://old.example/x"


@pytest.mark.parametrize(
    ("post", "thread"),
    [("<isApproved>false</isApproved>", ""), ("", "<isDeleted>true</isDeleted>")],
    ids=["not approved", "of a deleted thread"],
)
def test_what_was_not_public_is_held(post: str, thread: str, tmp_path: Path) -> None:
    export = export_of(tmp_path, post, f"<link>https://old.example/x</link>{thread}")

    assert [one.state for one in export.thoughts] == ["held"]


def test_what_is_no_export_of_disqus_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    file.write_text("<rss/>")

    with pytest.raises(ImportRefused, match="no export of Disqus"):
        read(disqus, file, tmp_path)
    assert not is_recognised(disqus, file, tmp_path)
