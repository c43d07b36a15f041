"""WordPress's export (WXR 1.0 to 1.2), of one file or several.

Read twice: first what is said of posts elsewhere than in them, then the posts, of which one at a time is in memory.
"""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.text import shorten
from feedserver.transfer.formats import wordpress_addresses as addresses
from feedserver.transfer.formats import wordpress_names as names
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.wordpress_index import COMMENT, ITEM, POSTS, Index, index_of, key_of, nodes, where_of
from feedserver.transfer.formats.wordpress_posts import Posts
from feedserver.transfer.formats.wordpress_thoughts import thoughts_of
from feedserver.transfer.formats.wordpress_uploads import Uploads
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_prolog import root_of
from feedserver.transfer.formats.xml_stream import Node
from feedserver.transfer.items import ImportedPost, ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "wordpress"

_MOST_HELD: Final = 10_000  # thoughts of one post, and what is told of them, which follow it
_MOST_WORDS: Final = 8_000_000  # characters of these
_MOST_KINDS: Final = 100  # of items that are passed over
_SETTINGS: Final = {"title": "site.title", "description": "site.description", "language": "site.language"}
_TAKEN_BEFORE: Final = frozenset(("attachment", "wp_block"))


def _is_export(head: bytes) -> bool:
    root = root_of(io.BytesIO(head))
    return root is not None and root.name == "rss" and any(map(names.is_export, root.namespaces))


_EXPORT: Final = Beginning((".xml", ".wxr"), _is_export)


def recognises(source: Source) -> bool:
    """Whether there is an export of WordPress."""
    return _EXPORT.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the export; large ones come in several files. Raises ImportRefused, and ImportDamaged."""
    files = sorted(_EXPORT.found(source)) if source.is_folder else source.names()
    if not files:
        raise ImportRefused(f"{source.path.name} holds no export of the kind {KIND}")
    mended = {name: Mending() for name in files} if options.forgiving else {}
    index = index_of(source, files, options, mended.get)
    yield _origin(index, source)
    for name, mending in mended.items():
        yield from mending.remarks(name if len(files) > 1 else "")
    for where in index.described:
        yield Remark(treatment="left out", where=where, what="its description", why="files have none here")
    uploads = index.uploads(source)
    yield from uploads.media()
    yield from _posts(source, options, index, uploads)


def _origin(index: Index, source: Source) -> Origin:
    settings = {ours: value for name, ours in _SETTINGS.items() if (value := names.words(index.site.get(name, "")))}
    feeds = {f"{index.url}{address}": suffix for address, suffix in addresses.FEEDS.items()}
    return Origin(name=index.url or source.path.name, url=index.url or None, settings=settings, feeds=feeds)


def _posts(source: Source, options: Options, index: Index, uploads: Uploads) -> Iterator[Item]:
    archives = addresses.Archives(index)
    posts = Posts(index, uploads, options, archives)
    parents = {one.parent for one in uploads.attachments()}
    urls: dict[str, str] = {}  # of posts that files were uploaded to
    passed = Counter[str]()
    waiting: list[Item] = []  # what comments say
    number = held = 0
    for file, node in nodes(source, index.files, (ITEM, COMMENT), lambda _: Mending() if options.forgiving else None):
        if node.name != "item":
            some = list(_of_comment(node, number, options, index))
            waiting += some
            held += sum(len(one.text) for one in some if isinstance(one, ImportedThought))
            if len(waiting) > _MOST_HELD or held > _MOST_WORDS:
                yield from waiting
                waiting.clear()
                held = 0
            continue
        number += 1
        kind = node.said("wp:post_type")
        if kind in POSTS:
            for item in posts.of(node, where_of(node, file if len(index.files) > 1 else "")):
                yield item
                if isinstance(item, ImportedPost) and item.key in parents and item.url:
                    urls[item.key] = item.url
        elif kind not in _TAKEN_BEFORE or not _is_taken(node, index):
            kind = shorten(kind, 40)
            passed[kind if kind in passed or len(passed) < _MOST_KINDS else "others"] += 1
        yield from waiting
        waiting.clear()
        held = 0
    for one in uploads.attachments():
        yield from addresses.of_attachment(one, index.url, urls.get(one.parent))
    yield from archives.redirects()
    yield from _passed_over(passed, posts.default_category)


def _of_comment(node: Node, number: int, options: Options, index: Index) -> Iterator[Item]:
    """What a comment says; it ends before the item that it stands in, which is the one of this number."""
    post = index.targets[number] if number < len(index.targets) else ""
    posted = index.dates.get(post)
    has_come = posted is not None and posted <= options.now
    for item in thoughts_of(node, post, options.zone, posted if has_come else None):
        yield item
        if isinstance(item, ImportedThought) and number in index.on_files:
            why = "it was on the page of a file, and is on the post of that file now"
            yield Remark(treatment="changed", where=item.where, what="a comment", why=why)


def _is_taken(item: Node, index: Index) -> bool:
    return item.said("wp:post_type") == "attachment" or key_of(item) in index.shared


def _passed_over(kinds: Counter[str], categories: Counter[str]) -> Iterator[Remark]:
    for kind, count in sorted(kinds.items()):
        why = "only posts, pages and files are taken"
        yield Remark(treatment="left out", where="the export", what=f"{count:,} of the type {kind}", why=why)
    for name, count in sorted(categories.items()):
        what, why = f"{count:,} × the category “{name}”", "WordPress gives it to posts that have no category"
        yield Remark(treatment="left out", where="the export", what=what, why=why)
