"""The sentences that pages say, and the catalogues that have them in other languages.

    python -m tests.support.catalogues

writes new sentences into all catalogues, without a translation, and takes out those that nobody says any more.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as MessageOf
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import feedserver
from feedserver.languages.catalogues import FOLDER

PACKAGE: Final = Path(feedserver.__file__).parent
FILES: Final = sorted(FOLDER.glob("*.po"))
_METHODS: Final = [("pages/templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS: Final = {"**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "Message": None}
_WORD: Final = re.compile(r"[^\W\d_]")
PLACE: Final = re.compile(r"%\(\w+\)s")
TAGS: Final = re.compile(r"<[^<>]+>")
_HEADER: Final = """# Our words in this language (CONTRIBUTING.md says how a new sentence comes in).
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals};\\n"

"""


@cache
def said() -> Catalog:
    """All sentences that templates and messages of the package have, in English."""
    catalogue = Catalog(charset="utf-8")
    for _, _, message, _, context in extract_from_dir(PACKAGE, _METHODS, _OPTIONS, _KEYWORDS):
        if _WORD.search(PLACE.sub("", message if isinstance(message, str) else message[0])):
            catalogue.add(message, context=context)
    return catalogue


def forms(message: MessageOf) -> tuple[str, ...]:
    """A translation: one text, or one for each plural form; "" where there is none."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def read(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, file.stem)


def sentences(catalogue: Catalog) -> Iterator[tuple[str, ...]]:
    """Each sentence in English: one text, or those for one and for several."""
    for message in catalogue:
        if message.id:
            yield (message.id,) if isinstance(message.id, str) else tuple(message.id)


def update(file: Path) -> None:
    """Brings one catalogue up to date."""
    catalogue = read(file)
    plurals = catalogue.plural_forms
    catalogue.update(said(), no_fuzzy_matching=True)
    with file.open("wb") as target:
        target.write(_HEADER.format(language=file.stem, plurals=plurals.rstrip(";")).encode())
        write_po(
            target, catalogue, width=100, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True
        )


if __name__ == "__main__":
    for file in FILES:
        update(file)
