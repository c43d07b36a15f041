"""Comments, pingbacks, trackbacks and webmentions of a WordPress export. Mail and IP addresses are not taken. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from html import unescape
from typing import Final

from feedserver.text import one_line, shorten
from feedserver.thoughts.model import Kind, Response, State
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.told import Told
from feedserver.transfer.formats.wordpress_names import meta_of
from feedserver.transfer.formats.xml_stream import Node
from feedserver.transfer.items import ImportedThought, Item

_STATES: Final[dict[str, State]] = {
    "1": "shown",
    "approve": "shown",
    "approved": "shown",
    "spam": "spam",
    "trash": "deleted",
    "post-trashed": "deleted",
}
_RESPONSES: Final[dict[str, Response]] = {
    "mention": "mention",
    "reply": "reply",
    "comment": "reply",
    "like": "like",
    "favorite": "like",
    "repost": "repost",
    "announce": "repost",
    "bookmark": "bookmark",
    "rsvp": "rsvp",
    "rsvp:yes": "rsvp",
    "rsvp:no": "rsvp",
    "rsvp:maybe": "rsvp",
    "rsvp:interested": "rsvp",
}
_NOT_PUBLIC: Final = "only types of comments are taken that are known to be for readers"
_NO_DATE: Final = "it has no date, and its post has none that has come"
_DATE_OF_POST: Final = "it has no date, and gets that of its post"
_LONGEST: Final = 1_000_000  # characters of a comment, far more than one has here
_OF_WEBMENTIONS: Final = ("webmention_source_url", "_webmention_source_url", "semantic_linkbacks_source")
_SOURCES: Final = (*_OF_WEBMENTIONS, "source_url", "url")
_PROTOCOLS: Final = frozenset(("webmention", "activitypub"))
# Types that pages show. Others are of editors (`note`, of WordPress 6.9) and plugins, whatever they call approved.
_PUBLIC: Final = frozenset(("", "review", "pingback", "trackback", "webmention", *_RESPONSES))
_TITLED: Final = re.compile(r"\s*<strong>(.*?)</strong>\s*", re.DOTALL)


def thoughts_of(node: Node, post: str, zone: tzinfo, otherwise: datetime | None) -> Iterator[Item]:
    """The thought on the post with this key in an element `wp:comment`, if readers saw it, and what is told of it.

    One without a date is dated to `otherwise`; None: it is left out.
    """
    meta, dated = dict(meta_of(node, "wp:commentmeta")), _at(node, zone)
    told = Told(f"line {node.line}, comment {node.said('wp:comment_id')}")
    kind, at = node.said("wp:comment_type").lower(), dated or otherwise
    if not _is_public(kind, meta):
        told.left_out(f"a comment of the type {shorten(one_line(kind), 40)}", _NOT_PUBLIC)
    elif at is None:
        told.left_out("a comment", _NO_DATE)
    else:
        if dated is None:
            told.changed("a comment", _DATE_OF_POST)
        yield _thought(node, told.where, post, at, meta)
    yield from told.remarks


def _thought(node: Node, where: str, post: str, at: datetime, meta: dict[str, str]) -> ImportedThought:
    told, url = node.said("wp:comment_type").lower(), _address(node.said("wp:comment_author_url"))
    source = next((address for name in _SOURCES if (address := _address(meta.get(name, "")))), "")
    kind = _kind(told, meta, source)
    content, author = _text(node, "wp:comment_content")[:_LONGEST], one_line(unescape(node.said("wp:comment_author")))
    title = ""
    if told == "trackback" and (titled := _TITLED.match(content)):
        title, content = one_line(plain.of_html(titled[1])), content[titled.end() :]
    elif kind == "pingback" and told != "trackback":
        title, author = author, ""  # the name of its page stands where a comment has its author
    number, parent = node.said("wp:comment_id"), node.said("wp:comment_parent")
    return ImportedThought(
        key=f"{post}-{number}",
        where=where,
        kind=kind,
        state=_STATES.get(node.said("wp:comment_approved").lower(), "held"),
        at=at,
        text=plain.of_html(content, keeps_lines=True),
        post=post,
        parent=f"{post}-{parent}" if parent not in ("", "0") else None,
        response=_response(told, meta) if kind == "webmention" else None,
        source=(source or url or None) if kind != "comment" else None,
        author_name=author,
        author_url=url if kind != "pingback" else "",
        title=title,
    )


def _is_public(told: str, meta: dict[str, str]) -> bool:
    return told in _PUBLIC or meta.get("protocol") in _PROTOCOLS or any(map(meta.get, _OF_WEBMENTIONS))


def _kind(told: str, meta: dict[str, str], source: str) -> Kind:
    """A like or a reply is one of a webmention only if it says where it came from."""
    if told in ("pingback", "trackback"):
        return "pingback"
    is_webmention = told == "webmention" or meta.get("protocol") == "webmention" or source
    return "webmention" if is_webmention else "comment"


def _response(told: str, meta: dict[str, str]) -> Response:
    named = (meta.get("semantic_linkbacks_type", "").lower(), told)
    return next((_RESPONSES[name] for name in named if name in _RESPONSES), "mention")


def _at(node: Node, zone: tzinfo) -> datetime | None:
    universal = moments.of_iso(node.said("wp:comment_date_gmt"))
    return universal or moments.of_iso(node.said("wp:comment_date"), zone)


def _text(node: Node, name: str) -> str:
    child = node.first(name)
    return child.text if child else ""


def _address(text: str) -> str:
    address = unescape(text.strip())
    return address if address.lower().startswith(("http://", "https://")) else ""
