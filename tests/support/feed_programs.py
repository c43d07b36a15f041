"""Feed readers that are programs of others: what each has of a feed after it was polled.

A reader keeps a folder, so that it can be polled again. What it alters by itself is listed with it: its own faults.
"""

import email
import json
import mailbox
import os
import shutil
import sqlite3
import subprocess
import sys
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import struct_time
from typing import Any

import feedparser
import reader

from tests.support.serving import clean_environ, request

SCRIPTS = Path(__file__).with_name("readers")
EXTRA = os.environ.get("TESTS_READERS")  # the folder that `make readers` fills with programs from PyPI and npm
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Read:
    """A post as a reader has it; None for what it does not keep."""

    title: str | None
    published: datetime | None = None
    updated: datetime | None = None
    names: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    files: tuple[tuple[str, str], ...] | None = None  # address and media type of each
    sizes: tuple[int, ...] | None = None  # in bytes, 0 where it is not known


Faults = Mapping[str, frozenset[str]]  # field of `Read` → slugs of the posts in which the reader alters it


@dataclass(frozen=True)
class FeedProgram:
    """A reader of one format. `poll` is given the feed's URL and the reader's folder; returns posts by id."""

    name: str
    fmt: str
    poll: Callable[[str, Path], dict[str, Read]]
    faults: Faults
    needs: tuple[str, ...] = (sys.executable, "--version")  # a command that succeeds where it can run

    @property
    def is_missing(self) -> bool:
        return shutil.which(self.needs[0]) is None or subprocess.run(self.needs, capture_output=True).returncode != 0


def _slugs(**fields: str) -> Faults:
    return {field: frozenset(slugs.split()) for field, slugs in fields.items()}


def _merged(*faults: Faults) -> Faults:
    fields = {field for some in faults for field in some}
    return {field: frozenset().union(*(some.get(field, frozenset()) for some in faults)) for field in fields}


def _run(arguments: Iterable[str | Path], home: Path) -> bytes:
    env = clean_environ() | {"HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    return subprocess.run([*map(str, arguments)], env=env, check=True, timeout=60, capture_output=True).stdout


# --- libraries for Python ---


def _feedparser(url: str, _: Path) -> dict[str, Read]:
    feed = feedparser.parse(url)
    assert (feed.status, feed.bozo) == (200, False), feed.get("bozo_exception")
    return {entry.id: _parsed(entry) for entry in feed.entries}


def _parsed(entry: Any) -> Read:
    files = [(file.href, file.type, file.get("length", 0)) for file in entry.enclosures]
    files += [(file["url"], file["type"], file.get("filesize", 0)) for file in entry.get("media_content", ())]
    return Read(
        title=entry.title,
        published=_moment(entry.published_parsed),
        updated=_moment(entry.updated_parsed if "updated_parsed" in entry else entry.published_parsed),
        names=tuple(author.get("name") for author in entry.authors),
        tags=tuple(tag.term for tag in entry.get("tags", ())),
        files=tuple((url, kind) for url, kind, _ in files),
        sizes=tuple(int(size) for _, _, size in files),
    )


def _moment(parsed: struct_time) -> datetime:
    return _EPOCH + timedelta(seconds=timegm(parsed))


def _reader(url: str, folder: Path) -> dict[str, Read]:
    with reader.make_reader(str(folder / "reader.sqlite3")) as library:
        library.add_feed(url, exist_ok=True)
        library.update_feeds(scheduled=False)  # ignores max-age
        (feed,) = library.get_feeds()
        assert feed.last_exception is None, feed.last_exception
        return {
            entry.id: Read(
                title=entry.title or "",
                published=entry.published,
                updated=entry.updated or entry.published,
                files=tuple((file.href, file.type or "") for file in entry.enclosures),
                sizes=tuple(file.length or 0 for file in entry.enclosures),
            )
            for entry in library.get_entries()
        }


# --- programs for the terminal, and for mail ---


def _newsboat(url: str, folder: Path) -> dict[str, Read]:
    (folder / "urls").write_text(url + "\n")
    (folder / "config").touch()
    cache = folder / "cache.db"
    _run(["newsboat", "-u", folder / "urls", "-C", folder / "config", "-c", cache, "-x", "reload"], folder)
    with closing(sqlite3.connect(cache)) as stored:
        stored.row_factory = sqlite3.Row
        rows = stored.execute("SELECT * FROM rss_item").fetchall()
    return {
        row["guid"]: Read(
            title=row["title"],
            published=_EPOCH + timedelta(seconds=row["pubDate"]),
            names=(row["author"],),
            files=((row["enclosure_url"], row["enclosure_type"]),) if row["enclosure_url"] else (),
        )
        for row in rows
    }


_MAIL = """[DEFAULT]
from = reader@example.org
to = me@example.org
date-header = True
name-format = {{author}}
email-protocol = maildir
maildir-path = {folder}
maildir-mailbox = mail
[feed.site]
url = {url}
"""


def _rss2email(program: str) -> Callable[[str, Path], dict[str, Read]]:
    def poll(url: str, folder: Path) -> dict[str, Read]:
        (folder / "rss2email.cfg").write_text(_MAIL.format(url=url, folder=folder))
        _run([program, "-c", folder / "rss2email.cfg", "-d", folder / "rss2email.json", "run"], folder)
        with closing(mailbox.Maildir(folder / "mail")) as box:
            mails = [email.message_from_bytes(box.get_bytes(key), policy=policy.default) for key in box.iterkeys()]
        return {
            mail["X-RSS-ID"]: Read(
                title=mail["Subject"],
                updated=parsedate_to_datetime(mail["Date"]).replace(tzinfo=UTC),  # -0000
                names=tuple(sender.display_name for sender in mail["From"].addresses),
            )
            for mail in mails
        }

    return poll


# --- libraries for other languages ---


def _of_a_script(*arguments: str | Path) -> Callable[[str, Path], dict[str, Read]]:
    """A script that is given the document, and prints its entries as JSON."""

    def poll(url: str, folder: Path) -> dict[str, Read]:
        document = folder / url.rpartition("/")[2]
        document.write_bytes(request(url)[2])
        printed: list[dict[str, Any]] = json.loads(_run([*arguments, document], folder))
        return {str(entry["id"]): _from_json(entry) for entry in printed}

    return poll


def _from_json(entry: Mapping[str, Any]) -> Read:
    """A field that the script did not print is one that its library does not keep."""

    def given(name: str, make: Callable[[Any], Any]) -> Any:
        return make(entry[name]) if entry.get(name) is not None else None

    return Read(
        title=entry["title"] or "",
        published=given("published", datetime.fromisoformat),
        updated=given("updated", datetime.fromisoformat),
        names=given("names", tuple),
        tags=given("tags", tuple),
        files=given("files", lambda files: tuple((url, kind) for url, kind, _ in files)),
        sizes=given("files", lambda files: tuple(int(size or 0) for _, _, size in files)),
    )


# --- all of them, with their own faults ---

_STRIPS = _slugs(title="no-break")  # XML readers strip what Python and C call blanks
_TIME_T = _slugs(published="before-unix 1901 hastings vesuvius", updated="before-unix 1901 hastings vesuvius")
_ONE_NAME = _slugs(names="author-of-two author-hebrew-name")
# In RSS an address within a name is taken out of it, and wrongly so.
_FEEDPARSER_RSS = _merged(_STRIPS, _slugs(names="author-with-email author-email-alone author-email-first"))
# A title in RSS may be HTML for feedparser, which rss2email then turns into Markdown.
_MAIL_FAULTS = _merged(_STRIPS, _ONE_NAME, _slugs(title="edited", updated="edited vesuvius"))
_MAIL_RSS = _merged(_FEEDPARSER_RSS, _MAIL_FAULTS, _slugs(title="bold escaped"))
_ONE_FILE = _slugs(files="three-files", sizes="three-files")
_NEWSBOAT = _merged(_STRIPS, _TIME_T, _ONE_NAME, _ONE_FILE)

_SHELL = ("newsboat", "--version")
_MAIL_PROGRAM = ("r2e", "--version")
_PERL = ("perl", "-MXML::Feed", "-e1")

PROGRAMS = [
    FeedProgram("feedparser", "rss", _feedparser, _FEEDPARSER_RSS),
    FeedProgram("feedparser", "atom", _feedparser, _STRIPS),
    FeedProgram("reader", "rss", _reader, _merged(_STRIPS, _ONE_FILE)),
    FeedProgram("reader", "atom", _reader, _STRIPS),
    FeedProgram("reader", "json", _reader, {}),
    FeedProgram("newsboat", "rss", _newsboat, _NEWSBOAT, _SHELL),
    FeedProgram("newsboat", "atom", _newsboat, _NEWSBOAT, _SHELL),
    FeedProgram("rss2email", "rss", _rss2email("r2e"), _MAIL_RSS, _MAIL_PROGRAM),
    FeedProgram("rss2email", "atom", _rss2email("r2e"), _MAIL_FAULTS, _MAIL_PROGRAM),
    FeedProgram("XML::Feed", "rss", _of_a_script("perl", SCRIPTS / "xml_feed.pl"), _ONE_FILE, _PERL),
    FeedProgram("XML::Feed", "atom", _of_a_script("perl", SCRIPTS / "xml_feed.pl"), {}, _PERL),
]
if EXTRA:
    _NEWER = f"{EXTRA}/bin/r2e"
    _FEEDSMITH, _RSS_PARSER = (
        _of_a_script("node", SCRIPTS / "npm.cjs", f"{EXTRA}/npm", library) for library in ("feedsmith", "rss-parser")
    )
    _UNESCAPES = _slugs(title="escaped references")
    _TWO_DIGITS = _slugs(published="vesuvius")
    _NO_TAGS = _slugs(tags="edited tagged long-tag tag-with-comma")
    PROGRAMS += [
        FeedProgram("rss2email of PyPI", "rss", _rss2email(_NEWER), _merged(_MAIL_RSS, _UNESCAPES)),
        FeedProgram("rss2email of PyPI", "atom", _rss2email(_NEWER), _merged(_MAIL_FAULTS, _UNESCAPES)),
        FeedProgram("feedsmith", "rss", _FEEDSMITH, _merged(_STRIPS, _TWO_DIGITS)),
        FeedProgram("feedsmith", "atom", _FEEDSMITH, _STRIPS),
        FeedProgram("feedsmith", "json", _FEEDSMITH, _STRIPS),
        FeedProgram("rss-parser", "rss", _RSS_PARSER, _TWO_DIGITS),
        FeedProgram("rss-parser", "atom", _RSS_PARSER, _NO_TAGS),
    ]
