import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer.formats import commento
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, Export, is_recognised, read

SAMPLE = SAMPLES / "commento/remark42-commento.json"
COMMENT = {
    "commentHex": "a1",
    "domain": "old.example",
    "url": "/x",
    "commenterHex": "c1",
    "markdown": "Words",
    "html": "",
    "parentHex": "root",
    "state": "approved",
    "creationDate": "2021-03-12T11:21:56Z",
    "deleted": False,
}


def export_of(tmp_path: Path, *comments: dict[str, Any]) -> Export:
    file = tmp_path / "export.json"
    commenters = [{"commenterHex": "c1", "name": "Ann", "email": "ann@example.org", "link": "undefined"}]
    whole = {"version": 1, "comments": [{**COMMENT, **one} for one in comments], "commenters": commenters}
    file.write_text(json.dumps(whole))
    return read(commento, file, tmp_path)


def test_comments_with_their_authors_and_parents(tmp_path: Path) -> None:
    export = read(commento, SAMPLE, tmp_path)

    assert export.origin.url == "https://example.com/"
    anonymous, first, reply = export.thoughts
    assert (anonymous.author_name, anonymous.target) == ("", "https://example.com/blog/post/2")
    assert first.author_name == "User5276"
    assert reply == ImportedThought(
        key="ea5f7bcd6ac9bb7b657f7d0569831104e1bcf9c253d03c1e16bf9654c49a5ce9",
        where="remark42-commento.json, comment ea5f7bcd6ac9",
        kind="comment",
        state="shown",
        at=datetime(2021, 5, 11, 15, 43, 1, tzinfo=UTC),
        text="Great reply!",
        target="https://example.com/blog/post/1",
        parent=first.key,
        author_name="Saturnin Uf",
        author_url="https://example.com/profile/259",
    )
    assert "person" not in str(export.items)
    assert is_recognised(commento, SAMPLE, tmp_path)


@pytest.mark.parametrize(("state", "ours"), [("approved", "shown"), ("unapproved", "held"), ("flagged", "held")])
def test_only_what_was_approved_is_shown(state: str, ours: str, tmp_path: Path) -> None:
    (thought,) = export_of(tmp_path, {"state": state}).thoughts

    assert (thought.state, thought.author_name, thought.author_url) == (ours, "Ann", "")


def test_markdown_and_html_become_plain_text(tmp_path: Path) -> None:
    export = export_of(tmp_path, {"markdown": "*One*\n\ntwo"}, {"commentHex": "b", "html": "<p>One</p><p>two</p>"})

    assert [one.text for one in export.thoughts] == ["One\n\ntwo"] * 2


@pytest.mark.parametrize(
    "comment", [{"deleted": True}, {"creationDate": "?"}, {"markdown": ""}, {"commentHex": None}, {"markdown": [1]}]
)
def test_what_was_deleted_or_cannot_be_read_is_told(comment: dict[str, Any], tmp_path: Path) -> None:
    export = export_of(tmp_path, comment)

    assert (len(export.thoughts), len(export.remarks)) == (0, 1)


def test_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"version": 2, "comments": []}')

    with pytest.raises(ImportRefused, match="no export of Commento of version 1"):
        read(commento, file, tmp_path)
