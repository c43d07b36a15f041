"""Rows of a forged export of feedserver are refused; those that feedserver writes are taken."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Table

from feedserver.errors import ImportRefused
from feedserver.storage import schema
from feedserver.transfer.exports import exported
from feedserver.transfer.imports import own_rows

Require = Callable[[Mapping[str, Any], str], None]

FILE = {"hash": "0" * 32, "name": "roof.jpg", "type": "image/jpeg", "size": 5, "width": 3, "height": 2}
THOUGHT = {
    "state": "shown",
    "kind": "pingback",
    "response": None,
    "source": "https://one.example/a",
    "author_url": "",
    "pending_content": None,
    "pending_entry": None,
}
POST = {
    "slug": "a",
    "guid": "urn:uuid:5e65bd3d-fd76-4a54-96c1-c9748b9d3ffc",
    "state": "published",
    "reply_to": ("https://one.example/",),
    "like_of": (),
    "repost_of": None,
    "bookmark_of": None,
}
SITE = {"guid": "urn:uuid:ed0bdf88-af66-4de4-958f-b67849a73f44", "archive_size": 20}
ENCLOSURE = {"url": "https://one.example/a.mp3", "type": "audio/mpeg", "length": 5}
REDIRECT = {"key": "/old", "new": "/posts/a", "new_key": "/posts/a"}
RIGHT: dict[str, tuple[Require, dict[str, Any]]] = {
    "a site": (own_rows.require_site, SITE),
    "a site of before archives": (own_rows.require_site, SITE | {"archive_size": None}),
    "a post": (own_rows.require_post, POST),
    "an enclosure": (own_rows.require_enclosure, ENCLOSURE),
    "an enclosure of the site": (own_rows.require_enclosure, ENCLOSURE | {"url": "/media/a/a.mp3"}),
    "a picture": (own_rows.require_file, FILE),
    "a film": (own_rows.require_file, FILE | {"type": "video/mp4", "width": None, "height": None}),
    "a ping": (own_rows.require_thought, THOUGHT),
    "a comment": (own_rows.require_thought, THOUGHT | {"kind": "comment", "source": None}),
    "what was erased": (own_rows.require_thought, THOUGHT | {"state": "deleted", "source": None}),
    "a redirect": (own_rows.require_redirect, REDIRECT),
    "a redirect elsewhere": (own_rows.require_redirect, REDIRECT | {"new": "https://one.example/", "new_key": None}),
}
PENDING = '{"author_name": "", "author_url": "%s", "title": "", "excerpt": "", "fingerprint": null}'
WRONG: dict[str, tuple[Require, dict[str, Any]]] = {
    "a site of no id": (own_rows.require_site, SITE | {"guid": "urn:uuid:x"}),
    "archives of no posts": (own_rows.require_site, SITE | {"archive_size": 0}),
    "a post that answers a program": (own_rows.require_post, POST | {"reply_to": ("javascript:alert(1)",)}),
    "a post of another state": (own_rows.require_post, POST | {"state": "odd"}),
    "an enclosure that runs": (own_rows.require_enclosure, ENCLOSURE | {"url": "javascript:alert(1)"}),
    "an enclosure of less than nothing": (own_rows.require_enclosure, ENCLOSURE | {"length": -1}),
    "a file that a browser runs": (own_rows.require_file, FILE | {"type": "text/html"}),
    "a type of two lines": (own_rows.require_file, FILE | {"type": "image/jpeg\r\nX: y"}),
    "a negative size": (own_rows.require_file, FILE | {"size": -1}),
    "a picture of no width": (own_rows.require_file, FILE | {"width": 0}),
    "a thought of another state": (own_rows.require_thought, THOUGHT | {"state": "odd"}),
    "a thought of another kind": (own_rows.require_thought, THOUGHT | {"kind": "odd"}),
    "a ping from nowhere": (own_rows.require_thought, THOUGHT | {"source": None}),
    "a source that runs": (own_rows.require_thought, THOUGHT | {"source": "javascript:alert(1)"}),
    "a name that runs": (own_rows.require_thought, THOUGHT | {"author_url": "javascript:alert(1)"}),
    "words that wait and run": (own_rows.require_thought, THOUGHT | {"pending_content": PENDING % "javascript:x"}),
    "words that wait and are none": (own_rows.require_thought, THOUGHT | {"pending_content": "[" * 100_000}),
    "a redirect of the home page": (own_rows.require_redirect, REDIRECT | {"key": "/"}),
    "a redirect that runs": (own_rows.require_redirect, REDIRECT | {"new": "javascript:alert(1)", "new_key": None}),
    "a redirect to a host in disguise": (
        own_rows.require_redirect,
        REDIRECT | {"new": "//one.example/", "new_key": "/"},
    ),
}


@pytest.mark.parametrize(("require", "row"), RIGHT.values(), ids=RIGHT)
def test_a_row_as_feedserver_writes_it_is_taken(require: Require, row: dict[str, Any]) -> None:
    require(row, "line 1")


@pytest.mark.parametrize(("require", "row"), WRONG.values(), ids=WRONG)
def test_a_row_that_would_harm_is_refused(require: Require, row: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused, match="line 1: "):
        require(row, "line 1")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (schema.joined_pings, "id", 2**63 - 1),
        (schema.joined_pings, "id", 0),
        (schema.media, "size", 2**63),
        (schema.media, "width", 2**31),
        (schema.media, "added_at", "9999-12-31T23:59:59-23:59"),
        (schema.media, "added_at", "0001-01-01T00:00:00+23:59"),
    ],
    ids=["the last id", "no id", "a large size", "a large width", "after all times", "before all times"],
)
def test_what_no_database_can_hold_is_refused(table: Table, column: str, value: Any) -> None:
    row = {"id": 1, "thought_id": 1, "receipt_token": None, "source": "s"} if table is schema.joined_pings else FILE
    row = {"given": "", "alt": "", "added_at": datetime.now(UTC).isoformat()} | row

    with pytest.raises(ImportRefused, match=f"line 1 has no “{column}” that can be taken"):
        exported.row_of(table, row | {column: value}, "line 1")
