"""Patterns of paths as Hugo and Jekyll have them: `/private/**`, `{/a,/a/**}`, `_posts/*/notes`. Pure."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

_TOKEN: Final = re.compile(r"\*{1,2}|\[[^\]]+\]|.", re.DOTALL)
_MANY: Final = re.compile(r"(?:\*{2,}/)++|\*{2,}")  # which mean what one of them means
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_LONGEST: Final = 300  # characters of a pattern
_MOST: Final = 64  # patterns that one with braces means


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern names a path: `*` is part of one step, `**` any number of steps, `{a,b}` one of both.

    One that is too long to be looked at names every path: what it stands for may be private.
    """
    patterns = _expanded(pattern)
    return not patterns or any(_is_match(_tokens(one), path) for one in patterns)


def _expanded(pattern: str) -> list[str]:
    """The patterns without braces that a pattern means; none if they are too many, or too long."""
    found = [pattern]
    while len(found) <= _MOST and len(pattern) <= _LONGEST:
        if not any(map(_BRACES.search, found)):
            return found
        found = [one for each in found for one in _parts(each)]
    return []


def _parts(pattern: str) -> list[str]:
    if not (braces := _BRACES.search(pattern)):
        return [pattern]
    return [pattern[: braces.start()] + part + pattern[braces.end() :] for part in braces[1].split(",")]


def _tokens(pattern: str) -> list[str]:
    return _TOKEN.findall(_MANY.sub(lambda many: "**/" if many[0].endswith("/") else "**", pattern))


def _is_match(tokens: list[str], path: str) -> bool:
    """Follows all readings at once, in time that grows with both lengths alone."""
    reached = set(_from(tokens, 0))
    for letter in path:
        reached = {after for number in reached for after in _after(tokens, number, letter)}
    return len(tokens) in reached


def _from(tokens: list[str], number: int) -> Iterator[int]:
    """Where a reading may stand that has come to a token: behind it too, if that may stand for nothing."""
    yield number
    if number < len(tokens) and tokens[number] in ("*", "**"):
        yield from _from(tokens, number + 1)
        if tokens[number : number + 2] == ["**", "/"]:
            yield from _from(tokens, number + 2)


def _after(tokens: list[str], number: int, letter: str) -> Iterator[int]:
    sign = tokens[number] if number < len(tokens) else ""
    if sign == "**" or (sign == "*" and letter != "/"):
        yield number
        yield from _from(tokens, number + 1)
    elif sign == letter or (sign == "?" and letter != "/") or (len(sign) > 1 and fnmatchcase(letter, sign)):
        yield from _from(tokens, number + 1)
