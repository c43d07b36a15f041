import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import webmention_io
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, Export, is_recognised, read

FOLDER = SAMPLES / "webmention.io"
MENTION = {
    "wm-id": 1,
    "wm-source": "https://a.example/1",
    "wm-target": "https://old.example/x",
    "wm-property": "mention-of",
    "wm-received": "2023-03-05T06:01:00Z",
}


def mentions(tmp_path: Path, *mentions: dict[str, Any]) -> Export:
    file = tmp_path / "mentions.json"
    file.write_text(json.dumps({"type": "feed", "children": [{**MENTION, **mention} for mention in mentions]}))
    return read(webmention_io, file, tmp_path)


def test_mentions_of_both_forms_from_a_folder(tmp_path: Path) -> None:
    export = read(webmention_io, FOLDER, tmp_path)

    assert export.origin.url == "https://old.example.org/"
    assert {one.key: (one.kind, one.response, one.text) for one in export.thoughts} == {
        "5": ("webmention", "mention", "As Mara writes ..."),
        "1001": ("webmention", "reply", "Lovely larks"),
        "1002": ("webmention", "like", ""),
        "1003": ("pingback", None, "As Mara writes ..."),
        "7": ("webmention", "repost", "Old content shape"),
    }
    assert {one.state for one in export.thoughts} == {"shown"}
    assert export.thought("1001") == ImportedThought(
        key="1001",
        where="own-mentions.jf2.json, mention 1001",
        kind="webmention",
        state="shown",
        at=datetime(2023, 3, 5, 6, tzinfo=UTC),
        text="Lovely larks",
        target="https://old.example.org/2023/03/04/spring-in-the-meadow/",
        response="reply",
        source="https://ann.example.org/notes/1",
        author_name="Ann Reader",
        author_url="https://ann.example.org/",
    )
    assert export.thought("1002").at == datetime(2023, 3, 6, 6, 1, tzinfo=UTC)
    assert (export.thought("1003").title, export.thought("1003").author_name) == ("A walk by the river", "")


def test_what_is_private_is_left_out(tmp_path: Path) -> None:
    export = read(webmention_io, FOLDER / "own-mentions.jf2.json", tmp_path)

    assert [(remark.what, remark.why) for remark in export.remarks] == [("https://secret.example/3", "it is private")]
    assert "Private" not in str(export.thoughts)


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_both_forms_are_recognised(file: Path, tmp_path: Path) -> None:
    assert is_recognised(webmention_io, file, tmp_path)


@pytest.mark.parametrize(
    ("name", "response"),
    [("bookmark-of", "bookmark"), ("rsvp", "rsvp"), ("follow-of", "mention"), (None, "mention"), ([], "mention")],
)
def test_what_a_source_is_to_the_post(name: Any, response: str, tmp_path: Path) -> None:
    export = mentions(tmp_path, {"wm-property": name, "rsvp": "yes"})

    assert export.thoughts[0].response == response
    assert export.thoughts[0].text == ("yes" if response == "rsvp" else "")


def test_an_article_that_mentions_a_post_is_an_excerpt_and_a_reply_is_whole(tmp_path: Path) -> None:
    content = {"html": "<p>" + "word " * 600 + "</p><p>End</p>"}

    article, reply = mentions(
        tmp_path, {"content": content}, {"wm-id": 2, "content": content, "wm-property": "in-reply-to"}
    ).thoughts

    assert len(article.text) <= 1000
    assert reply.text.endswith("word\n\nEnd")


def test_a_source_with_a_later_date_was_received_before(tmp_path: Path) -> None:
    export = mentions(tmp_path, {"published": "2099-01-01"})

    assert export.thoughts[0].at == datetime(2023, 3, 5, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "mention",
    [
        {"wm-source": "javascript:alert(1)"},
        {"wm-target": None},
        {"wm-id": None},
        {"wm-received": "soon"},
        {"wm-received": "999999-01-01"},
        {"verified": False},
    ],
    ids=str,
)
def test_what_lacks_what_it_needs_is_told(mention: dict[str, Any], tmp_path: Path) -> None:
    export = mentions(tmp_path, mention)

    assert (len(export.thoughts), len(export.remarks)) == (0, 1)


def test_a_folder_without_mentions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")

    with pytest.raises(ImportRefused, match=r"holds no mentions of webmention\.io"):
        read(webmention_io, tmp_path, tmp_path)
