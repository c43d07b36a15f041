"""What the h-entry of a page says of itself, and what a webmention of the page says on a post. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from feedserver.thoughts.model import WITH_WORDS, Content, Response, fingerprint_of

_WITH_EXCERPT: Final[frozenset[Response]] = frozenset(("mention", "bookmark"))


def shows_words(response: Response, *, is_empty: bool) -> bool:
    """Whether an entry's own words are shown: what it replies, or what stands there where its link holds no text."""
    return response in WITH_WORDS or (is_empty and response in _WITH_EXCERPT)


@dataclass(frozen=True, slots=True)
class Entry:
    """An h-entry: its author, its title, its own words, and when it was published (aware UTC). "" where it says
    nothing; `title` is None if it has no name, "" if its name is no title.
    """

    author_name: str = ""
    author_url: str = ""
    title: str | None = None
    words: str = ""
    published_at: datetime | None = None

    def says(self, content: Content, response: Response, *, is_empty: bool) -> Content:
        """What the entry says on a post, given what the page says without it, and whether its link holds no text."""
        if self.words and shows_words(response, is_empty=is_empty):
            excerpt, fingerprint = self.words, fingerprint_of(self.words)
        else:
            excerpt, fingerprint = ("", None) if is_empty else (content.excerpt, content.fingerprint)
        page_title = content.title if response in _WITH_EXCERPT else ""
        return replace(
            content,
            author_name=self.author_name or content.author_name,
            author_url=self.author_url or content.author_url,
            title=page_title if self.title is None else self.title,
            excerpt=excerpt,
            fingerprint=fingerprint,
            response=response,
            published_at=self.published_at,
        )
