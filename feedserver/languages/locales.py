"""Languages by their tags (BCP 47): which of them the CLDR knows. Pure."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel.core import Locale

_BUILT_IN: Final = ("en", "en-us")  # whose dates are those of `english`
_OF_A_SCRIPT: Final = 4  # letters (ISO 15924)


def is_built_in(tag: str) -> bool:
    """Whether nothing of the CLDR is needed for a language."""
    return tag.lower() in _BUILT_IN


def primary(tag: str) -> str:
    """The language of a tag, without script and region: `pt` of `pt-BR`."""
    return tag.partition("-")[0].lower()


def script(tag: str) -> str | None:
    """The script that a tag names: `Latn` of `he-Latn`."""
    return next((part.title() for part in tag.split("-")[1:] if len(part) == _OF_A_SCRIPT and part.isalpha()), None)


def locale_of(tag: str) -> "Locale":
    """The CLDR's locale for a tag, or for its language alone. Raises ValueError where neither is known."""
    from babel.core import Locale, UnknownLocaleError  # late: English needs nothing of it

    for known_as in (tag, primary(tag)):
        try:
            return Locale.parse(known_as, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise ValueError(tag)
