"""Checks a document against rules from outside the program: a schema for each format, and the feed validator's rules.

Three of its hints are wrong where truth wins: a date before 1990 (ImplausibleDate), a title that names a tag
(ContainsHTML), and posts of one second (DuplicateUpdated).
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import turbohtml
from lxml import etree

_ATOM = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
_A = "{http://www.w3.org/2005/Atom}"
_TEXT, _LIST = str, list
_JSON_FEED: dict[str, type] = dict.fromkeys(
    ("version", "title", "home_page_url", "feed_url", "description", "next_url", "language"), _TEXT
) | dict.fromkeys(("authors", "hubs", "items"), _LIST)
_JSON_ITEM: dict[str, type] = (
    dict.fromkeys(("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image"), _TEXT)
    | dict.fromkeys(("date_published", "date_modified", "language"), _TEXT)
    | dict.fromkeys(("authors", "tags", "attachments"), _LIST)
    | {"_feedserver": dict}
)
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TEXTS = [*(_A + name for name in ("title", "subtitle", "name", "summary", "content", "id")), _DC + "creator"]
_TEXTS += ["title", "description", "category", "link", "guid", _CONTENT]
_ADDRESSES = ("link", "comments", "docs", _A + "uri", "{http://wellformedweb.org/CommentAPI/}commentRss")
_ADDRESS_ATTRIBUTES = ("href", "url", "scheme", "domain", "ref", "source", "src", "srcset", "poster", "cite")
_BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffd-\uffff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def judge(url: str, body: bytes) -> None:
    """Raises AssertionError, which names the rule, when `body` is no valid feed of the format that `url` names."""
    fmt = urlsplit(url).path.rpartition(".")[2]
    {"rss": _judge_rss, "atom": _judge_atom, "json": _judge_json}[fmt](body)


def _judge_atom(body: bytes) -> None:
    root = etree.fromstring(body)
    assert _ATOM.validate(root), _ATOM.error_log.last_error
    entries = root.findall(_A + "entry")
    ids = [entry.findtext(_A + "id") for entry in entries]
    assert len(set(ids)) == len(ids)  # section 4.2.6
    for holder in (root, *entries):
        alternates = [link.get("type") for link in holder.findall(_A + "link") if link.get("rel") == "alternate"]
        assert alternates == ["text/html"]  # section 4.1.1: one of a type and language
    _judge_xml(root, _A + "content")
    _parse(body)


def _judge_rss(body: bytes) -> None:
    root = etree.fromstring(body)
    (channel,) = root
    assert (root.tag, root.get("version"), channel.tag) == ("rss", "2.0", "channel")
    for name in ("title", "link", "description"):
        assert channel.findtext(name) is not None, name
    items = channel.findall("item")
    for item in items:
        assert str(item.xpath("string(title)")).strip() or item.findtext("description")
        assert len(item.findall("enclosure")) <= 1
        assert urlsplit(item.findtext("link")).scheme in ("http", "https")
        tags = [child.tag for child in item]
        assert _CONTENT not in tags or tags.index("description") < tags.index(_CONTENT)  # NeedDescriptionBeforeContent
    guids = [item.findtext("guid") for item in items]
    assert len(set(guids)) == len(guids)
    _judge_xml(root, _CONTENT)
    _parse(body)


def _judge_xml(root: etree._Element, content: str) -> None:
    for element in root.iter(etree.Element):
        text = str(element.xpath("string()"))
        assert element.tag not in _TEXTS or text.strip(), element.tag  # NotBlank
        assert not _BAD_CHARACTERS.search(text)  # BadCharacters
        assert element.tag not in _ADDRESSES or text.isascii(), text
        assert all(value.isascii() for name, value in element.items() if name in _ADDRESS_ATTRIBUTES), element.items()
        if element.tag == content:
            _judge_html(text)


def _judge_html(markup: str) -> None:
    for token in turbohtml.tokenize(markup):
        for name, value in token.attrs or ():
            assert name not in _ADDRESS_ATTRIBUTES or (value or "").isascii(), (name, value)


def _judge_json(body: bytes) -> None:
    feed = json.loads(body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    _has_types(feed, _JSON_FEED)
    for item in feed["items"]:
        _has_types({name: value for name, value in item.items() if value is not None}, _JSON_ITEM)
        assert len({"content_html", "content_text"} & set(item)) == 1
        assert all(_DATE.fullmatch(item[name]) for name in ("date_published", "date_modified") if name in item)
        assert all(author.get("name") or author.get("url") for author in item.get("authors", []))
        people_and_files = [*item.get("authors", []), *item.get("attachments", [])]
        urls = [one.get("url") for one in people_and_files] + [
            item.get(name) for name in ("url", "external_url", "image")
        ]
        assert all(url is None or url.isascii() for url in urls), urls
        _judge_html(item.get("content_html", ""))
    ids = [item["id"] for item in feed["items"]]
    assert len(set(ids)) == len(ids)


def _has_types(value: dict[str, Any], types: dict[str, type]) -> None:
    for name, member in value.items():
        assert isinstance(member, types[name]), name


def _parse(body: bytes) -> None:
    parsed = feedparser.parse(body)
    assert not parsed.bozo, parsed.get("bozo_exception")
