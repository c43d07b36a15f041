"""In which direction words are written: by their language, or, where that may be another one, by their letters."""

from functools import lru_cache
from typing import Final
from unicodedata import bidirectional

from feedserver.languages.english import Direction, Language
from feedserver.languages.locales import is_built_in, locale_of, script

_RIGHT_TO_LEFT: Final = ("R", "AL")  # classes of letters (UAX 9): Hebrew and the like, Arabic and the like
_LEFT_TO_RIGHT: Final = "L"


def direction_of(tag: str, site: Language, words: str) -> Direction:
    """The direction of a text that is said to be in the language `tag` (BCP 47), on a site in the language `site`.

    `words` are its first ones. They decide where the language is unknown, and where it is that of a site written from
    left to right: posts that name none are said to be in that one, and some are in Hebrew all the same. All letters
    count, not the first alone, with which HTML's `dir="auto"` decides: texts begin with names in other scripts.
    """
    known = site.direction if tag == site.tag else _of_language(tag)
    if known is None or (tag == site.tag and known == "ltr"):
        return _of_letters(words)
    return known


@lru_cache(128)
def _of_language(tag: str) -> Direction | None:
    """The direction of a language, by the CLDR; None for one that it does not know, or not in this script."""
    if is_built_in(tag):
        return "ltr"
    try:
        locale = locale_of(tag)
    except ValueError:
        return None
    if (named := script(tag)) and named != locale.script:
        return None
    return "rtl" if locale.text_direction == "rtl" else "ltr"


def _of_letters(words: str) -> Direction:
    """The direction of most letters."""
    classes = [bidirectional(character) for character in words]
    from_right = sum(classes.count(name) for name in _RIGHT_TO_LEFT)
    return "rtl" if from_right > classes.count(_LEFT_TO_RIGHT) else "ltr"
