"""Parses a feed reader's name, and the number of subscribers that hosted readers state, from User-Agent. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from feedserver.text import one_line, shorten

UNNAMED: Final = "Unnamed"
BROWSER: Final = "Browser"
OTHERS: Final = "Others"  # for readers beyond the bound of a day
LONGEST: Final = 60  # characters of a name
READ: Final = 300  # characters of a User-Agent that are read

_STATED = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3}){1,2}|\d{1,9}) (?:subscriber|reader|user)s?\b", re.I)
_STATED_AFTER = re.compile(r"\b(?:subscribers|users)[:=]? ?(\d{1,9})\b", re.I)
_COMPATIBLE = re.compile(r"\bcompatible; ?([^()]*)", re.I)
_REMARK = re.compile(r"\([^()]*\)?")  # a comment in parentheses
_END_OF_NAME = re.compile(r"[/;,(\[{<>|+@]| - | feed-id|https?:| \d+ subscriber", re.I)
_VERSION = re.compile(r"(?: v?\d[\w.-]*)+$")
_ADDRESS = re.compile(r"^\+?https?://(?:www\.)?([\w.-]+)", re.I)
_WITHOUT_A_NAME = re.compile(r"[\W\d_]*$")
_BROWSERS: Final = frozenset(
    "mozilla opera applewebkit khtml gecko like version mobile safari chrome chromium headlesschrome firefox edge edg"
    " edga edgios opr opios opt crios fxios vivaldi samsungbrowser yabrowser brave ddg duckduckgo focus ucbrowser"
    " seamonkey palemoon waterfox librewolf iceweasel epiphany konqueror falkon qtwebengine msie trident presto"
    " instagram".split()
)
_KNOWN_AS: Final = {
    "feedlybot": "Feedly",
    "newsblur feed fetcher": "NewsBlur",
    "newsblur favicon fetcher": "NewsBlur",
    "newsblur page fetcher": "NewsBlur",
    "theoldreader.com": "The Old Reader",
    "feedfetcher-google": "Google Feedfetcher",
}
# Names of feed readers and HTTP libraries, in lower case. They keep their places, whatever names others invent.
_KNOWN: Final = frozenset(
    name.strip()
    for name in """
    akregator, antennapod, bazqux, blogtrottr, commafeed, curl, elfeed, feedbin, feedbro, feeder, feedfetcher-google,
    feedly, feedme, feedparser, feed wrangler, fiery feeds, flipboardrss, fluent reader, freshrss, go-http-client,
    google feedfetcher, gofeed, granary, ifttt, inoreader, libcurl, lire, liferea, miniflux, netnewswire, netvibes,
    newsblur, newsboat, newsbeuter, newsexplorer, nextcloud-news, nextcloud news, okhttp, protopage, python-requests,
    python-urllib, quiterss, readkit, readably, reader, reeder, rss guard, rssguard, rss2email, rssowl, selfoss,
    slackbot, superfeedr bot, the old reader, thunderbird, tiny tiny rss, universalfeedparser, unread, vienna, wget,
    yahoofeedseeker, yarr, zapier
    """.split(",")
) | {BROWSER.lower(), UNNAMED.lower(), OTHERS.lower()}


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads feeds, and its stated number of subscribers."""

    name: str
    subscribers: int | None = None


def reader(user_agent: str | None) -> Reader:
    """The sender of this User-Agent, from its first 300 characters."""
    return _reader((user_agent or "")[:READ])


def is_known(name: str) -> bool:
    """Whether a name is that of a common feed reader, or one that we give."""
    return name.lower() in _KNOWN


@lru_cache(maxsize=2048)
def _reader(user_agent: str) -> Reader:
    line = one_line(user_agent)
    stated = _STATED.search(line) or _STATED_AFTER.search(line)
    return Reader(_name(line), int(stated[1].replace(",", "")) if stated else None)


def _name(line: str) -> str:
    compatible = _COMPATIBLE.search(line)
    if compatible and (name := _known_as(compatible[1])) and _product(name) not in _BROWSERS:
        return name  # Mozilla/5.0 (compatible; Miniflux/2.0.51; +https://miniflux.app)
    if _product(line) in _BROWSERS:
        return _added_to_a_browser(line) or BROWSER
    return _known_as(line) or UNNAMED


def _added_to_a_browser(line: str) -> str:
    """The last product that is not a browser's: `… Gecko/20100101 Thunderbird/128.0`; empty if there is none."""
    products = [word for word in _REMARK.sub(" ", line).split() if _product(word) not in _BROWSERS]
    return _known_as(products[-1]) if products else ""


def _known_as(text: str) -> str:
    """The name at the beginning of a text, without version, address, comments and numbers; empty if there is none."""
    address = _ADDRESS.match(text)
    name = address[1] if address else _END_OF_NAME.split(text.lstrip(" +-"), maxsplit=1)[0]
    name = _VERSION.sub("", name.strip()).strip(' .:"-*')
    if _WITHOUT_A_NAME.match(name):
        return ""
    return shorten(_KNOWN_AS.get(name.lower(), name), LONGEST)


def _product(text: str) -> str:
    """The first word, in lower case and without its version."""
    return re.split(r"[/ (;]", text, maxsplit=1)[0].lower()
