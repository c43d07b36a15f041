"""The text of a note of Obsidian as plain Markdown: comments, links between notes, callouts, marks, tags. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from feedserver.posts.headings import anchor
from feedserver.transfer.formats import markdown_source
from feedserver.transfer.formats.markdown_source import substituted

_COMMENT: Final = re.compile("%%")
_WIKILINK: Final = re.compile(r"(?P<embed>!?)\[\[(?P<target>[^\[\]|\n]{1,500})(?:\|(?P<text>[^\[\]\n]{0,500}))?\]\]")
_ALONE: Final = re.compile(r"^[ \t]*!\[\[(?P<target>[^\[\]|\n]{1,500})(?:\|[^\[\]\n]{0,500})?\]\][ \t]*$", re.MULTILINE)
_LINK: Final = re.compile(
    r"(?<!!)\[(?P<text>[^\[\]\n]{0,500})\]\((?P<address>[^()\s<>]{1,500}\.md)(?:#[^()\s<>]{0,500})?\)"
)
_SIZED: Final = re.compile(r"(?<=!\[)(?P<alt>[^\[\]\n|]{0,500})\|\d{1,5}(?:x\d{1,5})?(?=\]\()")
_SIZE: Final = re.compile(r"\d{1,5}(?:x\d{1,5})?")
_MARK: Final = re.compile(r"(?<![\w=])==(?=[^\s=])(?P<text>(?:[^=\n]|=(?!=)){1,2000}+)(?<=\S)==(?![\w=])")
_CALLOUT: Final = re.compile(
    r"^(?P<quote>[ \t]{0,40}+(?:>[ \t]?){1,20})\[!(?P<kind>[\w-]{1,40})(?:\|[^\]\n]{0,100})?\][+-]?"
    r"[ \t]*(?P<title>[^\n]*)$",
    re.MULTILINE,
)
_BLOCK_ID: Final = re.compile(r"(?:^|(?<![ \t])[ \t]++)\^[A-Za-z0-9-]{1,100}[ \t]*$", re.MULTILINE)
_TAG: Final = re.compile(r"(?<!\S)#(?P<tag>[\w/-]{1,200})(?![\w/-])")
_HEADING: Final = re.compile(r"^ {0,3}(?P<level>#{1,6})[ \t]+(?P<text>[^\n]*)$", re.MULTILINE)
_TOO_MUCH: Final = re.compile(r"[^\w]+")

Replace = Callable[[re.Match[str]], str]


def without_comments(text: str) -> str:
    """The text without what stands between `%%`; one that begins a line and is not closed hides all that follows."""
    code = markdown_source.code(text)
    pieces: list[str] = []
    done, opened = 0, -1
    for match in _COMMENT.finditer(text):
        if opened < 0 and not markdown_source.is_within(code, match.start()):
            opened = match.start()
            pieces.append(text[done:opened])
        elif opened >= 0:
            done, opened = match.end(), -1
    if opened >= 0 and (not opened or text[opened - 1] == "\n"):
        return "".join(pieces)
    return "".join([*pieces, text[opened if opened >= 0 else done :]])


def tags(text: str) -> Iterator[str]:
    """The tags in a text: `#larks`, `#nature/birds`, not `#123`."""
    for start, end in markdown_source.outside_code(text):
        for match in _TAG.finditer(text, start, end):
            tag = match["tag"].strip("/")
            if tag and not tag.replace("/", "").isdecimal():
                yield tag


def with_embeds(text: str, replace: Callable[[str], str | None]) -> str:
    """The text with what `replace` makes of the targets of embeds that stand alone on their lines; None: they stay."""

    def made(match: re.Match[str]) -> str:
        new = replace(match["target"].strip())
        return match[0] if new is None else new

    return substituted(_ALONE, made, text)


def with_links(text: str, replace: Callable[[str, str | None, bool], str]) -> str:
    """The text with what `replace` makes of the target, the words and the `!` of each link between double brackets."""

    def made(match: re.Match[str]) -> str:
        target, words = match["target"].removesuffix("\\").strip(), match["text"]
        return replace(target, None if words is None else words.strip(), bool(match["embed"]))

    return substituted(_WIKILINK, made, text)


def with_plain_links(text: str, is_private: Callable[[str], bool]) -> str:
    """The text with the words alone of links to documents that nobody may see."""
    return substituted(_LINK, lambda match: match["text"] if is_private(match["address"]) else match[0], text)


def with_marks(text: str) -> str:
    """The text with callouts as quotes, marked words as HTML's, and without sizes of pictures and ids of blocks."""
    text = substituted(_CALLOUT, _callout, text)
    text = substituted(_MARK, lambda match: f"<mark>{match['text']}</mark>", text)
    text = substituted(_SIZED, lambda match: match["alt"], text)
    return substituted(_BLOCK_ID, lambda _: "", text)


def is_size(words: str) -> bool:
    """Whether the words of an embed are the size of a picture."""
    return _SIZE.fullmatch(words) is not None


def fragment(target: str) -> str:
    """The fragment of our page for what follows a note's name in a target; "" for a block, or none."""
    heading = target.rpartition("#")[2].strip() if "#" in target else ""
    return f"#{anchor(heading)}" if heading and not heading.startswith("^") else ""


def part(text: str, wanted: str) -> str | None:
    """The part of a note below a heading, or with a block's id (`^id`); None if it is not there."""
    if wanted.startswith("^"):
        return _block(text, wanted)
    found: re.Match[str] | None = None
    code = markdown_source.code(text)
    for heading in _HEADING.finditer(text):
        if markdown_source.is_within(code, heading.start()):
            continue
        if found is not None and len(heading["level"]) <= len(found["level"]):
            return text[found.start() : heading.start()]
        if found is None and _bare(heading["text"]) == _bare(wanted):
            found = heading
    return text[found.start() :] if found else None


def quoted(text: str) -> str:
    """A text as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def _block(text: str, wanted: str) -> str | None:
    position = re.search(rf"(?:^|[ \t]){re.escape(wanted)}[ \t]*$", text, re.MULTILINE)
    if position is None:
        return None
    line_start = text.rfind("\n", 0, position.end()) + 1
    if text[line_start : position.end()].lstrip().startswith(("-", "*", "+", "1")):
        return text[line_start : position.end()]
    start = text.rfind("\n\n", 0, max(0, line_start - 1) if text[line_start:].startswith("^") else line_start) + 1
    return text[start : position.end()].strip("\n")


def _bare(heading: str) -> str:
    return _TOO_MUCH.sub(" ", heading).strip().casefold()


def _callout(match: re.Match[str]) -> str:
    title = match["title"].strip() or match["kind"].replace("-", " ").capitalize()
    return f"{match['quote']}**{title}**\n{match['quote'].rstrip()}"
