"""English words and dates, which need nothing but the standard library; the base of other languages."""

from collections.abc import Iterable
from datetime import datetime
from gettext import NullTranslations
from typing import Final, Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from feedserver.languages.messages import Message

Direction = Literal["ltr", "rtl"]
_AND: Final = Markup(" and ")
_COMMA: Final = Markup(", ")
_KILO: Final = 1_000
_PREFIXES: Final = "kMGT"


class Language:
    """What pages ask for words and dates. `zone` is that of all dates.

    `tag` (BCP 47) and `direction` are those of the site; `words` and `words_direction` those of our own words, which
    are English where there is no catalogue of the site's language. `translations` is for gettext.
    """

    direction: Direction = "ltr"
    words_direction: Direction = "ltr"

    def __init__(self, tag: str, zone: ZoneInfo, translations: NullTranslations | None = None) -> None:
        self.tag = self.words = tag
        self.translations = translations or NullTranslations()
        self._zone = zone

    def translated(self, message: Message) -> str:
        """A message in this language, with the messages and whole numbers within it."""
        shown = {name: self._shown(value) for name, value in message.values.items()}
        return self.translations.gettext(message.text) % shown

    def day(self, moment: datetime) -> str:
        """The date of an aware moment."""
        local = self._local(moment)
        return f"{local:%B} {local.day}, {local.year}"

    def moment(self, moment: datetime) -> str:
        """Date, time and zone."""
        return f"{self.day(moment)}, {self._local(moment):%H:%M %Z}"

    def month(self, moment: datetime) -> str:
        """The name of the month as it stands alone, as a heading."""
        return f"{self._local(moment):%B}"

    def number(self, number: int) -> str:
        return f"{number:,}"

    def size(self, count: int) -> str:
        """A number of bytes, rounded: “12.3 kB”."""
        if count < _KILO:
            return f"{count} Byte{'' if count == 1 else 's'}"
        power = thousands(count, len(_PREFIXES))
        return f"{count / _KILO**power:.1f} {_PREFIXES[power - 1]}B"

    def listed(self, items: Iterable[str]) -> Markup:
        """“A”, “A and B”, “A, B and C”; items that are no markup are escaped."""
        *first, last = map(escape, items)
        return _AND.join((_COMMA.join(first), last)) if first else last

    def _shown(self, value: object) -> object:
        match value:
            case Message():
                return self.translated(value)
            case int():
                return self.number(value)
            case _:
                return value

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)


def thousands(count: int, most: int) -> int:
    """How often a thousand is in a number, as an exponent, at most `most`."""
    return min((len(str(count)) - 1) // 3, most)


ENGLISH: Final = Language("en", ZoneInfo("UTC"))
