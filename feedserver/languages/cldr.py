"""Languages other than English: dates, numbers and lists of the CLDR, and the words of a catalogue."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_datetime_format, get_month_names
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

from feedserver.languages.catalogues import translations_for
from feedserver.languages.english import Language, thousands
from feedserver.languages.locales import locale_of

_UNITS: Final = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")
_ROUNDED: Final = "#,##0.#"  # a pattern of the CLDR (UTS 35, part 3): one digit after the point


class CldrLanguage(Language):
    """Any language that the CLDR knows. Its words are English where there is no catalogue of it."""

    def __init__(self, tag: str, zone: ZoneInfo) -> None:
        """Raises ValueError for a tag that the CLDR does not know."""
        self._locale = locale_of(tag)
        translations = translations_for(self._locale)
        super().__init__(tag, zone, translations)
        self.direction = "rtl" if self._locale.text_direction == "rtl" else "ltr"
        if translations is not None:
            self.words_direction = self.direction
        elif self._locale.language != "en":
            self.words = "en"

    def day(self, moment: datetime) -> str:
        return format_date(self._local(moment), "long", self._locale)

    def moment(self, moment: datetime) -> str:
        local = self._local(moment)
        time = f"{format_time(local, 'short', locale=self._locale)} {local:%Z}"
        return str(get_datetime_format("long", self._locale)).format(time, self.day(moment))

    def month(self, moment: datetime) -> str:
        name = str(get_month_names("wide", "stand-alone", self._locale)[self._local(moment).month])
        return name[:1].upper() + name[1:]

    def number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def size(self, count: int) -> str:
        power = thousands(count, len(_UNITS) - 1)
        unit = f"digital-{_UNITS[power]}"
        return format_unit(count / 1000**power, unit, "short" if power else "long", _ROUNDED, self._locale)

    def listed(self, items: Iterable[str]) -> Markup:
        if self.words != self.tag:  # “and” is a word of ours
            return super().listed(items)
        return Markup(format_list([escape(item) for item in items], locale=self._locale))  # noqa: S704 - escaped
