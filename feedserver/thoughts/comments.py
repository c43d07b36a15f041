"""The comment form: checks its values, and a signed token with the time and the post that it was issued for; stores
valid comments.

Needs no cookies and no JavaScript. A token is good for one comment, so that a form sent twice is stored once. `pages`
shows the form, and limits how many comments an address may send.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from feedserver.languages.messages import Message
from feedserver.storage import revision
from feedserver.text import is_blank, strangers_line, strangers_text
from feedserver.thoughts import store
from feedserver.thoughts.lifecycle import Verdict
from feedserver.thoughts.model import Content, Thought
from feedserver.urls import split_http

MAX_BODY: Final = 131_072  # bytes of the whole form, enough for the longest comment percent-encoded
FIELDS: Final = ("comment", "name", "email", "website")
TRAP: Final = "homepage"  # an invisible field, which only programs fill in
TOKEN: Final = "token"  # noqa: S105 - the name of a form field
MAX_LENGTH: Final = {"comment": 10_000, "name": 100, "email": 254, "website": 2_048}  # characters

_AT_LEAST = timedelta(seconds=2)  # people need longer to write a comment, unless a program fills in the form for them
_AT_MOST = timedelta(days=2)  # a form left open over a weekend still works
_INCOMPLETE = Message("The form was not complete. Please send it once more.")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*")
QUICK: Final = Verdict("held", "sent within two seconds after the form was opened")
_PARAGRAPHS = re.compile(r"\n{2,}")


@dataclass(frozen=True, slots=True)
class Form:
    """The form on a page: action, hidden fields, and values and errors by field (`form`: of the whole form)."""

    action: str
    hidden: tuple[tuple[str, str], ...]
    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    errors: Mapping[str, Message] = field(default_factory=dict)
    trap: str = TRAP
    max_length: Mapping[str, int] = field(default_factory=lambda: MAX_LENGTH)


@dataclass(frozen=True, slots=True)
class Comment:
    """A valid comment. `website` is an absolute URL or empty; `submission` identifies the token it was sent with."""

    text: str
    name: str
    email: str
    website: str
    submission: str

    @property
    def size(self) -> int:
        """The bytes of its words."""
        return Content(self.name, self.website, "", self.text).size

    def is_same_as(self, stored: Thought) -> bool:
        return (self.text, self.name, self.website) == (stored.excerpt, stored.author_name, stored.author_url)


class Tokens:
    """Issues and checks the form's tokens."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="comment")

    def issue(self, post_id: int, now: datetime) -> str:
        """A token for one submission of the form on one post."""
        return str(self._signer.dumps([post_id, int(now.timestamp()), secrets.token_hex(8)]))

    def problem(self, token: str, post_id: int, now: datetime) -> Message | None:
        """A message to the commenter if a token is invalid, else None."""
        try:
            given_for, given_at, _ = given = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError):
            return _INCOMPLETE
        if self._signer.dumps(given) != token:  # base64 ignores some bits: another spelling would be another submission
            return _INCOMPLETE
        age = now.timestamp() - given_at
        if given_for != post_id or age > _AT_MOST.total_seconds():
            return Message("The form was too old. Please send it once more.")
        return None

    def came_quickly(self, token: str, now: datetime) -> bool:
        """Whether a valid token was issued less than two seconds ago."""
        _, given_at, _ = self._signer.loads(token)
        return bool(now.timestamp() - given_at < _AT_LEAST.total_seconds())


def too_long(sent: Mapping[str, str]) -> dict[str, Message]:
    """The errors of fields that are too long, by field. Browsers count a line end as one character."""
    lengths = {name: len(sent.get(name, "").strip().replace("\r\n", "\n")) for name in FIELDS}
    return {
        name: Message(
            "At most %(most)s characters, please; these are %(length)s.", {"most": MAX_LENGTH[name], "length": length}
        )
        for name, length in lengths.items()
        if length > MAX_LENGTH[name]
    }


def read(sent: Mapping[str, str]) -> tuple[Comment | None, dict[str, Message]]:
    """The comment in the form data `sent`, which has no field that is `too_long`; or the errors by field."""
    text = strangers_text(sent.get("comment", ""), MAX_BODY).strip()
    name, email, website = (strangers_line(sent.get(field, ""), MAX_BODY) for field in ("name", "email", "website"))
    website = _website(website)
    errors: dict[str, Message] = {}
    if is_blank(text):
        errors["comment"] = Message("Please write a comment.")
    if is_blank(name):
        errors["name"] = Message("Please give a name.")
    if email and not _EMAIL.fullmatch(email):
        errors["email"] = Message("This is not an e-mail address.")
    if website and split_http(website) is None:
        errors["website"] = Message("This is not a web address, such as https://example.org.")
    if sent.get(TRAP):
        errors["form"] = Message("A field that must stay empty was filled in. Please send the form once more.")
    if errors:
        return None, errors
    return Comment(text, name, email, website, hashlib.sha256(sent.get(TOKEN, "").encode()).hexdigest()), {}


def add(
    connection: Connection, post_id: int, comment: Comment, verdict: Verdict, now: datetime, sender: str = ""
) -> Thought:
    """Stores a comment in the state of its verdict. `sender` is the address that it came from, "" if unknown."""
    if verdict.state == "shown":
        revision.revise(connection)
    return store.add_comment(
        connection,
        post_id=post_id,
        state=verdict.state,
        reason=verdict.reason,
        name=comment.name,
        email=comment.email,
        website=comment.website,
        text=comment.text,
        submission=comment.submission,
        now=now,
        sender=sender,
    )


def as_html(text: str) -> str:
    """A comment's plain text as HTML: paragraphs and line breaks, nothing else."""
    paragraphs = (escape(paragraph).replace("\n", "<br>") for paragraph in _PARAGRAPHS.split(text.strip()))
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def _website(typed: str) -> str:
    return f"https://{typed}" if typed and "://" not in typed else typed
