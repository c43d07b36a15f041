"""Makes the language of a site."""

from zoneinfo import ZoneInfo

from feedserver.languages.english import Language
from feedserver.languages.locales import is_built_in


def language_of(tag: str, zone: ZoneInfo) -> Language:
    """The language `tag` (BCP 47) with the dates of `zone`. Raises ValueError for one that the CLDR does not know."""
    if is_built_in(tag):
        return Language(tag, zone)
    from feedserver.languages.cldr import CldrLanguage  # late: it takes 6 MB, and English needs nothing of it

    return CldrLanguage(tag, zone)
