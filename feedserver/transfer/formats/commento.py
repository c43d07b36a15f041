"""Comments of Commento: its JSON export, in which the commenters follow the comments."""

from collections.abc import Iterator
from typing import Any, Final

from feedserver.errors import ImportRefused
from feedserver.text import one_line
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.json_stream import pieces, text
from feedserver.transfer.items import ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "commento"

_BEGINNING: Final = Beginning((".json",), lambda head: b'"commentHex"' in head or b'"commenterHex"' in head)
_COMMENTS: Final = ("comments", "*")
_COMMENTERS: Final = ("commenters", "*")
_ROOT: Final = "root"  # the parent of those that answer none


def recognises(source: Source) -> bool:
    """Whether there is an export of Commento."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """The comments. Raises ImportRefused."""
    name = _BEGINNING.only(source, KIND)
    commenters: dict[str, tuple[str, str]] = {}
    version, domain = "", ""
    with source.open(name) as file:
        for path, piece in pieces(file, name, [_COMMENTERS, ("comments", "*", "domain"), ("version",)]):
            if path == _COMMENTERS:
                commenters[text(piece, "commenterHex")] = (one_line(text(piece, "name")), text(piece, "link"))
            elif path == ("version",):
                version = text(piece)
            else:
                domain = domain or text(piece)
    if version != "1":
        raise ImportRefused(f"{name}: this is no export of Commento of version 1")
    url = options.url or (f"https://{domain}/" if domain else None)
    yield Origin(name=domain or source.path.name, url=url)
    with source.open(name) as file:
        for _, comment in pieces(file, name, [_COMMENTS]):
            yield _thought(comment, commenters, name)


def _thought(comment: Any, commenters: dict[str, tuple[str, str]], name: str) -> ImportedThought | Remark:
    key, page, parent = text(comment, "commentHex"), text(comment, "url"), text(comment, "parentHex")
    where = f"{name}, comment {key[:12]}"
    author, link = commenters.get(text(comment, "commenterHex"), ("", ""))
    at = moments.of_iso(text(comment, "creationDate"))
    html, markdown = text(comment, "html"), text(comment, "markdown")
    words = plain.of_html(html) if html else plain.of_markdown(markdown)
    if not isinstance(comment, dict) or not key:
        return Remark(treatment="left out", where=where, what="a comment", why="it lacks its id")
    if comment.get("deleted") is True:
        return Remark(treatment="left out", where=where, what="a comment", why="it was deleted")
    if at is None or not words:
        return Remark(treatment="left out", where=where, what=f"a comment on {page}", why="it has no date or no words")
    domain = text(comment, "domain")
    return ImportedThought(
        key=key,
        where=where,
        kind="comment",
        state="shown" if text(comment, "state") == "approved" else "held",
        at=at,
        text=words,
        target=f"https://{domain}/{page.lstrip('/')}" if domain and split_http(page) is None else page,
        parent=parent if parent and parent != _ROOT else None,
        author_name=author,
        author_url=link if split_http(link) is not None else "",
    )
