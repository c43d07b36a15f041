"""Which slug an imported post has: the one that it had, else one made of what it says. Pure."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from feedserver.errors import InvalidDocument
from feedserver.posts.document import check_slug, numbered, slug_from
from feedserver.posts.slugs import is_reserved
from feedserver.text import plain
from feedserver.transfer.formats.address_parts import last_step
from feedserver.transfer.imports.old_addresses import folder_of_index
from feedserver.transfer.items import ImportedPost

_ENDINGS: Final = (".html", ".htm", ".php", ".md")
_OPENING: Final = 1_000  # characters of a text that its first words are looked for in
_WORDS: Final = 8
_UNNAMED: Final = "untitled"


class SlugChoice:
    """Gives each post a slug of its own. `taken` are those that are not free."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._last: dict[str, int] = {}

    def choose(self, post: ImportedPost) -> str:
        """The first slug that fits, with a number where it is taken; it is taken from then on."""
        wished = next(_wishes(post))
        slug, number = wished, self._last.get(wished, 1)
        while slug in self._taken or (post.page and is_reserved(slug)):
            number += 1
            slug = numbered(wished, number)
        self._last[wished] = number
        self._taken.add(slug)
        return slug


def _wishes(post: ImportedPost) -> Iterator[str]:
    """What the post may be called, best first; the last one fits."""
    for wish in (unquote(post.slug or ""), _named_by(post.url)):
        if wish:
            for slug in (wish.strip(), slug_from(wish)):
                if _fits(slug):
                    yield slug
    yield from filter(_fits, (slug_from(post.title), slug_from(_first_words(post.text))))
    at = post.published_at or post.updated_at
    yield f"{at:%Y-%m-%d-%H%M%S}" if at else _UNNAMED


def _named_by(url: str | None) -> str:
    """What an address calls a post: its last step, without an ending; an index page is called as its folder."""
    step = last_step(folder_of_index(url or "") or url or "")
    return next((step[: -len(ending)] for ending in _ENDINGS if step.lower().endswith(ending)), step)


def _first_words(text: str) -> str:
    return " ".join(plain(text[:_OPENING]).split()[:_WORDS])


def _fits(slug: str) -> bool:
    try:
        return check_slug(slug) == slug
    except InvalidDocument:
        return False
