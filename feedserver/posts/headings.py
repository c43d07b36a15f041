"""Ids of headings, made as GitHub makes them, so that authors can link to one: `[below](#the-second-part)`. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import turbohtml
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

# Ids that our pages give to their own parts; those of headings begin with the prefix then. None may end with a hyphen
# and a number, but `thought-…`: numbers tell equal headings apart.
OURS: Final = re.compile(
    r"content|thought(?:-\d+)?|thoughts(?:-[a-z]+)?|comment-form|leave-a-comment|related-posts|(?:field|error)-[a-z]+"
    r"|fn(?:ref)?\d+"
)
_PREFIX: Final = "section"
_LONGEST: Final = 100  # characters
_DROPPED = re.compile(r"[^\w\s-]")
_BLANK = re.compile(r"\s")


def identify(state: StateCore) -> None:
    """The rule that gives every heading an id, which no other element of the post has."""
    taken = {*_ids(state.tokens)}
    repeated: dict[str, int] = {}
    for heading, text in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open":
            heading.attrSet("id", _unique(_slug(text), taken, repeated))


def _slug(text: Token) -> str:
    return anchor("".join(child.content for child in text.children or [] if child.type in ("text", "code_inline")))


def anchor(shown: str) -> str:
    """The id of the first heading of a post with these words."""
    slug = _BLANK.sub("-", _DROPPED.sub("", shown.strip().lower()))[:_LONGEST]
    if not slug:
        return _PREFIX
    return f"{_PREFIX}-{slug}" if OURS.fullmatch(slug) else slug


def _unique(slug: str, taken: set[str], repeated: dict[str, int]) -> str:
    """The slug, or with a number the first that is free; `repeated` has the last number of each."""
    found = slug
    while found in taken:
        repeated[slug] = repeated.get(slug, 0) + 1
        found = f"{slug}-{repeated[slug]}"
    taken.add(found)
    return found


def _ids(tokens: Iterable[Token]) -> Iterator[str]:
    """The ids in the author's own HTML."""
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            yield from (
                value or ""
                for part in turbohtml.tokenize(token.content)
                for name, value in part.attrs or []
                if name == "id"
            )
        yield from _ids(token.children or [])
