"""What a mail says: how much waits, then each thought with its words and the address where it is decided on. Pure.

Strangers' words stand in the text alone, quoted, after a first line of our own: mail programs show the beginning of a
mail beside its subject.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any, Final

from feedserver.text import printable, shorten
from feedserver.thoughts.model import Thought

MOST: Final = 50  # thoughts, and jobs, in one mail; the others are counted
_MOST_POSTS: Final = 20  # in References
_MOST_CHARACTERS: Final = 600
_MOST_LINES: Final = 12
_LINE: Final = 78  # characters of a line of a header (RFC 5322 section 2.1.1)
_DEEDS: Final = {"like": "likes", "repost": "has reposted", "bookmark": "has bookmarked", "rsvp": "answers"}


class _Tokens(UnstructuredHeader, BaseHeader):
    """A header of addresses or ids. A long one stays as it is: the policy's own folding turns it into an encoded word
    (RFC 2047), which mail programs read in text alone.
    """

    def fold(self, *, policy: Policy) -> str:
        lines = textwrap.wrap(
            self,
            policy.max_line_length or _LINE,
            initial_indent=f"{self.name}: ",
            subsequent_indent=" ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return policy.linesep.join([*lines, ""])


def _policy() -> Policy:
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "references"):
        registry.map_to_type(name, _Tokens)
    return SMTP.clone(header_factory=registry)


_POLICY: Final = _policy()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thought that waits, in a mail: as it would be shown, with its post's title and its address in the mail.

    `is_change`: these are new words beside approved ones.
    """

    thought: Thought
    post_title: str
    url: str
    is_change: bool


@dataclass(frozen=True, slots=True)
class News:
    """What one mail tells: the first thoughts and failed jobs (as `model.as_json` has them), and how many there are."""

    waiting: Sequence[Waiting]
    thoughts: int
    jobs: Sequence[Mapping[str, Any]]
    failed: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """Around what is told: names and addresses of the site, of the mail and of who gets it.

    `site_id` makes the ids of posts, by which mail programs put mails on one post together. `stop_url` stops them.
    """

    site_title: str
    home: str
    desk: str
    site_id: str
    sender_name: str  # may be empty
    sender: str
    to: str
    message_id: str  # its part before the “@”
    stop_url: str
    now: datetime


def letter(news: News, envelope: Envelope) -> EmailMessage:
    """The mail."""
    said = summary(news)
    blocks = [f"{said} at {envelope.home}"]
    blocks += [_of_thought(number, one) for number, one in enumerate(news.waiting, start=1)]
    if news.thoughts > len(news.waiting):
        blocks.append(f"And {_counted(news.thoughts - len(news.waiting), 'more')}.")
    blocks += [_of_job(job) for job in news.jobs]
    if news.failed > len(news.jobs):
        blocks.append(f"And {_counted(news.failed - len(news.jobs), 'more job')}; the log tells of each.")
    blocks.append(f"All that waits: {envelope.desk}")
    message = framed(f"[{envelope.site_title}] {said}", blocks, envelope)
    if posts := list(dict.fromkeys(one.thought.post_id for one in news.waiting))[:_MOST_POSTS]:
        domain = _domain(envelope)
        message["References"] = " ".join(f"<post-{post_id}.{envelope.site_id}@{domain}>" for post_id in posts)
    return message


def trial(envelope: Envelope) -> EmailMessage:
    """A mail that tells nothing but that mails arrive."""
    blocks = [f"Mails of {envelope.home} arrive here.", "`feedserver notice test` has sent this one."]
    return framed(f"[{envelope.site_title}] A test", blocks, envelope)


def framed(subject: str, blocks: Sequence[str], envelope: Envelope) -> EmailMessage:
    """A mail of these blocks of text, with the headers that all have. No header holds what a stranger has written."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(envelope.sender_name, addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=envelope.to)
    message["Subject"] = subject
    message["Date"] = format_datetime(envelope.now)
    message["Message-ID"] = f"<{envelope.message_id}@{_domain(envelope)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    message["List-Unsubscribe"] = f"<{envelope.stop_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1
    text = "\n\n".join([*blocks, f"-- \nTo stop these mails: {envelope.stop_url}"]) + "\n"
    message.set_content(text, cte="quoted-printable")
    return message


def summary(news: News) -> str:
    """How much waits, and how much has failed, in one line of our own."""
    waiting = f"{_counted(news.thoughts, 'thought')} {'waits' if news.thoughts == 1 else 'wait'} for a look"
    failed = f"{_counted(news.failed, 'job')} {'was' if news.failed == 1 else 'were'} given up"
    return ", ".join(line for line, number in ((waiting, news.thoughts), (failed, news.failed)) if number)


def _of_thought(number: int, one: Waiting) -> str:
    thought = one.thought
    who = printable(thought.author_label)
    lines = [f"{number}. {who} {_did(one)} “{one.post_title}”"]
    if thought.source:
        lines.append(f"   {printable(thought.source)}")
    lines += [f"   > {line}".rstrip() for line in _quoted(thought.excerpt or thought.title)]
    return "\n".join([*lines, f"   Decide: {one.url}"])


def _did(one: Waiting) -> str:
    if one.is_change:
        return "has new words, beside those that were approved, on"
    if one.thought.kind == "comment":
        return "comments on"
    return _DEEDS.get(one.thought.response or "", "writes of")


def _quoted(words: str) -> list[str]:
    """Words as lines of a bounded number and length, without what changes a terminal."""
    lines = [printable(line) for line in shorten(words, _MOST_CHARACTERS).splitlines()]
    return lines[:_MOST_LINES] + (["…"] if len(lines) > _MOST_LINES else [])


def _of_job(job: Mapping[str, Any]) -> str:
    hint = f"\n  `feedserver ping retry {job['subject']}` tries again" if job["kind"] == "send" else ""
    subject = "" if job["kind"] == "send" else f" on {printable(str(job['subject']))}"
    return f"* The job “{job['kind']}”{subject} was given up: {printable(str(job['last_error']))}{hint}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 or noun == "more" else "s")


def _domain(envelope: Envelope) -> str:
    return envelope.sender.rpartition("@")[2]
