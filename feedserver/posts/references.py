"""The pages elsewhere that a post answers, likes, reposts or bookmarks, in microformats and in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import unquote

from markupsafe import Markup

from feedserver.languages.english import ENGLISH, Language
from feedserver.languages.messages import Message
from feedserver.text import shorten, strangers_line

FIELDS: Final = ("reply_to", "like_of", "repost_of", "bookmark_of")  # of documents and posts
_PROPERTIES: Final = ("in-reply-to", "like-of", "repost-of", "bookmark-of")  # of an h-entry, in the order of the fields
_WORDS: Final = (
    Message("In reply to %(pages)s"),
    Message("Likes %(pages)s"),
    Message("Reposts %(pages)s"),
    Message("Bookmark of %(pages)s"),
)
_MAX_LABEL: Final = 60  # characters
_MAX_DECODED: Final = 500  # characters of an address that are decoded for its label


@dataclass(frozen=True, slots=True)
class Reference:
    """A page elsewhere: its absolute URL, in ASCII."""

    url: str

    @property
    def label(self) -> str:
        """The address for people: shortened, its letters decoded, without what would turn the text around it."""
        address = self.url.partition("://")[2].removeprefix("www.")
        try:
            decoded = unquote(address[:_MAX_DECODED], errors="strict")
        except UnicodeDecodeError:  # it is in another encoding, or cut
            decoded = address
        return shorten(strangers_line(decoded, _MAX_DECODED).rstrip("/"), _MAX_LABEL)


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """What a post is to some pages: the property of its h-entry, and how it is said."""

    property: str
    words: Message
    pages: tuple[Reference, ...]

    def __str__(self) -> str:
        """In English, which is stored as the beginning of a post without words."""
        return str(self.words.of(pages=listed([page.label for page in self.pages])))

    def html(self, language: Language = ENGLISH) -> str:
        links = (
            f'<a class="u-{self.property}" href="{escape(page.url)}" dir="ltr">{escape(page.label)}</a>'
            for page in self.pages
        )
        return language.translated(self.words.of(pages=language.listed(map(Markup, links))))


def lines(*fields: Sequence[str]) -> tuple[ReferenceLine, ...]:
    """The lines of a post whose `FIELDS` hold these addresses, in their order; none for an empty field."""
    kinds = zip(_PROPERTIES, _WORDS, fields, strict=True)
    return tuple(ReferenceLine(name, words, tuple(map(Reference, urls))) for name, words, urls in kinds if urls)


def urls_in(about: Sequence[ReferenceLine]) -> list[str]:
    """The pages of some lines."""
    return [page.url for line in about for page in line.pages]


def listed(items: Sequence[str]) -> str:
    """“A”, “A and B”, “A, B and C”."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
