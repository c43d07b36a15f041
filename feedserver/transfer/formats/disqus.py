"""Comments of Disqus (its XML export), of which one page may have several threads.

Read twice: first the threads, then the comments, of which one at a time is in memory.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from feedserver.errors import ImportRefused
from feedserver.text import one_line
from feedserver.thoughts.model import State
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.address_parts import most_named, site_of
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_stream import Node, elements
from feedserver.transfer.items import ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "disqus"

_BEGINNING: Final = Beginning((".xml",), lambda head: re.search(rb"<disqus[\s>]", head) is not None)
_REDIRECT: Final = re.compile(r"https?://disq\.us/url\?", re.IGNORECASE)
_CHECK: Final = re.compile(r":[\w-]*$")  # what Disqus adds to the address in such a redirect


@dataclass(frozen=True, slots=True)
class _Thread:
    page: str
    is_deleted: bool


def recognises(source: Source) -> bool:
    """Whether there is an export of Disqus."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """The comments. Raises ImportRefused, ImportDamaged."""
    name = _BEGINNING.only(source, KIND)
    threads: dict[str, _Thread] = {}
    sites: Counter[str] = Counter()
    with source.open(name) as file:
        for node in elements(file, ["disqus/thread"], mending=Mending() if options.forgiving else None):
            page = node.said("link") or node.said("id")
            threads[node.attributes.get("id", "")] = _Thread(page, node.said("isDeleted") == "true")
            sites[site_of(page)] += 1
    if not threads:
        raise ImportRefused(f"{name}: this is no export of Disqus, it has no threads")
    url = options.url or most_named(sites)
    yield Origin(name=(url and urlsplit(url).netloc) or source.path.name, url=url)
    mending = Mending() if options.forgiving else None
    with source.open(name) as file:
        for node in elements(file, ["disqus/post"], mending=mending):
            yield _comment(node, threads)
    if mending is not None:
        yield from mending.remarks()


def _comment(node: Node, threads: dict[str, _Thread]) -> ImportedThought | Remark:
    key = node.attributes.get("id") or node.said("id")  # some have the second alone
    where = f"line {node.line}, comment {key}"
    if not key:
        return Remark(treatment="left out", where=where, what="a comment", why="it has no id")
    if node.said("isDeleted") == "true":
        return Remark(treatment="left out", where=where, what="a comment", why="it was deleted")
    thread = threads.get(_id_of(node.first("thread")))
    at = moments.of_iso(node.said("createdAt"))
    words = plain.of_html(node.said("message"), address=target_of)
    if thread is None or not thread.page:
        return Remark(treatment="left out", where=where, what="a comment", why="its page is not in the export")
    if at is None or not words:
        return Remark(treatment="left out", where=where, what="a comment", why="it has no date or no words")
    author = node.first("author")
    return ImportedThought(
        key=key,
        where=where,
        kind="comment",
        state=_state(node, thread),
        at=at,
        text=words,
        target=thread.page,
        parent=_id_of(node.first("parent")) or None,
        author_name=one_line(author.said("name")) if author else "",
    )


def _state(node: Node, thread: _Thread) -> State:
    if node.said("isSpam") == "true":
        return "spam"
    return "held" if thread.is_deleted or node.said("isApproved") == "false" else "shown"


def _id_of(node: Node | None) -> str:
    return node.attributes.get("id", "") if node else ""


def target_of(address: str) -> str:
    """The address to which one of Disqus's counting redirects leads; any other as it is."""
    if not _REDIRECT.match(address):
        return address
    (target,) = parse_qs(urlsplit(address).query).get("url", [address])[:1]
    return _CHECK.sub("", target)
