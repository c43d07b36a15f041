"""The catalogues of our words, one file of gettext for each language.

The text files are read at the start, in 20 ms for the one language of the site: nothing has to be compiled when the
package is built, and nothing can be out of date.
"""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from babel.core import Locale

FOLDER: Final = Path(__file__).with_name("catalogues")
_TRADITIONAL: Final = "Hant"  # Chinese characters, which the catalogue of Chinese has not


def translations_for(locale: "Locale") -> GNUTranslations | None:
    """Our words in the language of `locale`; None if there is no catalogue."""
    file = FOLDER / f"{locale.language}.po"
    if locale.script == _TRADITIONAL or not file.is_file():
        return None
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale.language))
    compiled.seek(0)
    return GNUTranslations(compiled)
