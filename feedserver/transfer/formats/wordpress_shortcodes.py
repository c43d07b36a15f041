"""WordPress's shortcodes, its own and those of its most usual plugins, as HTML. Linear time. Pure."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final

from feedserver.transfer.formats.html_pieces import pieces
from feedserver.transfer.formats.markdown_source import Range, is_within
from feedserver.transfer.formats.wordpress_uploads import Attachment, Uploads

_VALUES: Final = r"""(?:[^\]\["']++|"[^"]{0,4000}+"|'[^']{0,4000}+')*+"""
_OPEN: Final = re.compile(rf"\[(?P<escape>\[?)(?P<name>[A-Za-z][\w-]{{0,60}})(?P<with>(?=[\s=/\]]){_VALUES})\]")
_CLOSE: Final = re.compile(r"\[/([A-Za-z][\w-]{0,60})\]")
_ATTRIBUTE: Final = re.compile(r"""(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s"'=]+))""")
_QUOTES: Final = str.maketrans("“”„″", '""""')
_CAPTIONED: Final = re.compile(r"\s*((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)\s*", re.IGNORECASE)
_SOURCES: Final = ("src", "mp3", "m4a", "ogg", "wav", "flac", "mp4", "m4v", "webm", "ogv", "mov", "wmv", "flv")
_BARE_AMPERSAND: Final = re.compile(r"&(?!#?\w{1,32};)")
_NO_LANGUAGE: Final = re.compile(r"[^\w+#-]")


@dataclass(frozen=True, slots=True)
class Shortcode:
    """One as it stands in a text. `content` is None if no closing one follows. Names of attributes are lower-case."""

    name: str
    attributes: dict[str, str]
    values: tuple[str, ...]
    content: str | None

    @property
    def address(self) -> str:
        """The file or page that it is about; "" if it names none."""
        named = (self.attributes[name] for name in _SOURCES if self.attributes.get(name))
        return next(named, "") or next((value.partition("|")[0] for value in self.values if "/" in value), "")


@dataclass(slots=True)
class Shortcodes:
    """What becomes of the shortcodes in the text of one post.

    `unknown` are the names of those that stay as text, `missing` the ids of files that the export does not have.
    """

    uploads: Uploads
    post_id: str
    unknown: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def expanded(self, html: str) -> str:
        """`html` with HTML in place of the shortcodes that are known; in code there are none."""
        if "[" not in html:
            return html
        written: list[str] = []
        done = 0
        places = _Places(html)
        for match in _OPEN.finditer(html):
            start, end = match.span()
            if start < done or places.is_code(start):
                continue
            close, after = places.close_of(match["name"], end)
            if match["escape"] and html.startswith("]", after):  # `[[name]]` stands for itself
                written += html[done:start], html[start + 1 : after]
                done = after + 1
                continue
            found = _shortcode(match, None if close is None else html[end:close])
            make = _MAKERS.get(found.name.lower())
            if make and (made := make(self, found)) is not None:
                written += html[done : start + len(match["escape"])], made
                done = after
            elif close is not None or found.attributes:
                self.unknown.setdefault(found.name)
        return "".join([*written, html[done:]])

    def files(self, found: Shortcode) -> Iterator[Attachment]:
        """The files of a gallery: those that it lists, else all that were uploaded to the post."""
        listed = found.attributes.get("ids") or found.attributes.get("include")
        ids = re.findall(r"\d+", listed) if listed else self.uploads.of_post(found.attributes.get("id", self.post_id))
        left_out = re.findall(r"\d+", found.attributes.get("exclude", ""))
        for number in ids:
            file = self.uploads.get(number)
            if file is None:
                self.missing.setdefault(number)
            elif number not in left_out:
                yield file


class _Places:
    """Where in a text brackets mean themselves (in code, tags and comments), and where shortcodes close."""

    def __init__(self, html: str) -> None:
        self._code: list[Range] = []
        at = within = 0
        for piece in pieces(html):
            if piece.name == "code":
                within = max(0, within + {"start": 1, "end": -1}.get(piece.what, 0))
            if piece.what != "text" or within:
                self._code.append((at, at + len(piece.source)))
            at += len(piece.source)
        self._opens, self._closes = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for match in _OPEN.finditer(html):
            self._opens[match["name"]].append(match.start())
        for match in _CLOSE.finditer(html):
            self._closes[match[1]].append(match.start())

    def is_code(self, position: int) -> bool:
        return is_within(self._code, position)

    def close_of(self, name: str, end: int) -> tuple[int | None, int]:
        """Where a shortcode closes that is opened before `end`, if it does, and where the text goes on after it."""
        closes, opens = self._closes[name], self._opens[name]
        close, following = bisect_left(closes, end), bisect_left(opens, end)
        if close == len(closes) or (following < len(opens) and opens[following] < closes[close]):
            return None, end
        return closes[close], closes[close] + len(f"[/{name}]")


def _shortcode(match: re.Match[str], content: str | None) -> Shortcode:
    attributes: dict[str, str] = {}
    values: list[str] = []
    for name, *quoted in _ATTRIBUTE.findall(match["with"].strip().removesuffix("/").lstrip("=").translate(_QUOTES)):
        value = unescape(next(filter(None, quoted), ""))
        if name:
            attributes.setdefault(name.lower(), value)
        else:
            values.append(value)
    return Shortcode(match["name"], attributes, tuple(values), content)


# --- what they become, each a block of its own; None: it stays as it is ---


def _captioned(_: Shortcodes, found: Shortcode) -> str | None:
    if found.content is None:
        return None
    picture = _CAPTIONED.match(found.content)
    shown = picture[1] if picture else found.content
    words = found.content[picture.end() :] if picture else ""
    return f"\n\n<figure>{shown}{_caption((words or found.attributes.get('caption', '')).strip())}</figure>\n\n"


def _gallery(codes: Shortcodes, found: Shortcode) -> str:
    shown = [f"<figure>{picture(file)}{_caption(file.caption)}</figure>\n" for file in codes.files(found)]
    return f"\n\n<div>\n{''.join(shown)}</div>\n\n" if shown else ""


def _playlist(codes: Shortcodes, found: Shortcode) -> str:
    tag = "video" if found.attributes.get("type") == "video" else "audio"
    return "".join(_player(tag, file.url) for file in codes.files(found))


def _embedded(_: Shortcodes, found: Shortcode) -> str | None:
    address = escape(unescape((found.content or found.address).strip()))
    return f'\n\n<p><a href="{address}">{address}</a></p>\n\n' if address else None


def _audio(_: Shortcodes, found: Shortcode) -> str | None:
    return _player("audio", found.address) if found.address else None


def _video(_: Shortcodes, found: Shortcode) -> str | None:
    given = found.attributes
    more = "".join(f' {name}="{escape(given[name])}"' for name in ("poster", "width", "height") if given.get(name))
    return _player("video", found.address, more) if found.address else None


def _code(_: Shortcodes, found: Shortcode) -> str | None:
    if found.content is None:
        return None
    language = _NO_LANGUAGE.sub("", found.attributes.get("language") or found.attributes.get("lang") or "")
    named = f' class="language-{language}"' if language else ""
    # It may be escaped already, or not.
    code = _BARE_AMPERSAND.sub("&amp;", found.content.strip("\n")).replace("<", "&lt;").replace(">", "&gt;")
    return f"\n\n<pre><code{named}>{code}</code></pre>\n\n"


def _player(tag: str, address: str, more: str = "") -> str:
    return f'\n\n<figure><{tag} controls src="{escape(address)}"{more}></{tag}></figure>\n\n'


def picture(file: Attachment) -> str:
    """A picture of the library, as HTML."""
    return f'<img src="{escape(file.url)}" alt="{escape(file.alt)}">'


def _caption(html: str) -> str:
    return f"<figcaption>{html}</figcaption>" if html else ""


_MAKERS: Final[dict[str, Callable[[Shortcodes, Shortcode], str | None]]] = {
    **dict.fromkeys(("caption", "wp_caption"), _captioned),
    **dict.fromkeys(("embed", "youtube", "vimeo"), _embedded),
    **dict.fromkeys(("code", "sourcecode"), _code),
    "gallery": _gallery,
    "playlist": _playlist,
    "audio": _audio,
    "video": _video,
}
