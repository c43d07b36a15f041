"""The catalogues have every sentence, with its places and links, in as many forms as their languages count in."""

from pathlib import Path

import pytest
from babel.core import Locale

from feedserver.languages.catalogues import translations_for
from tests.support.catalogues import FILES, PLACE, TAGS, forms, read, said, sentences

LANGUAGES = "ar de es fr he it ja nl pl pt uk zh".split()

each_catalogue = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_there_are_catalogues_of_twelve_languages_beside_english() -> None:
    assert [file.stem for file in FILES] == LANGUAGES


@each_catalogue
def test_every_sentence_is_translated_and_none_is_left_over(file: Path) -> None:
    catalogue = read(file)
    without = [message.id for message in catalogue if message.id and not all(forms(message))]

    assert set(sentences(catalogue)) == set(sentences(said())), "run python -m tests.support.catalogues"
    assert without == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


@each_catalogue
def test_translations_have_the_places_and_the_tags_of_their_sentences(file: Path) -> None:
    for message in read(file):
        if not message.id:
            continue
        *_, english = (message.id,) if isinstance(message.id, str) else message.id
        for form in forms(message):
            # “One” and “two” may be words.
            places = set(PLACE.findall(english)) - ({"%(num)s"} if isinstance(message.id, tuple | list) else set())
            assert set(PLACE.findall(form)) - {"%(num)s"} == places - {"%(num)s"}, english
            assert set(TAGS.findall(form)) == set(TAGS.findall(english)), english
            assert "%" not in PLACE.sub("", form).replace("%%", ""), english
            assert form == form.strip() or english != english.strip(), english


@each_catalogue
def test_its_plural_forms_are_those_of_the_cldr(file: Path) -> None:
    translations = translations_for(Locale.parse(file.stem))
    assert translations is not None
    rule = Locale.parse(file.stem).plural_form
    found: dict[int, set[str]] = {}
    for number in (*range(250), 1_000, 1_001, 1_000_000, 2_000_000):
        form = translations.plural(number)  # type: ignore[attr-defined]  # it is missing in typeshed
        found.setdefault(form, set()).add(rule(number))

    assert all(len(categories) == 1 for categories in found.values())
    assert sorted(found) == list(range(read(file).num_plurals))
    assert len(set.union(*found.values())) == len(found)


@pytest.mark.parametrize(
    ("language", "number", "said_of_it"),
    [
        ("pl", 1, "1 myśl o „X”"),
        ("pl", 3, "3 myśli o „X”"),
        ("pl", 12, "12 myśli o „X”"),
        ("uk", 21, "21 думка про «X»"),
        ("uk", 22, "22 думки про «X»"),
        ("uk", 25, "25 думок про «X»"),
        ("ar", 2, "خاطرتان حول «X»"),
        ("ar", 7, "7 خواطر حول «X»"),
        ("ar", 11, "11 خاطرةً حول «X»"),
        ("ar", 100, "100 خاطرة حول «X»"),
        ("he", 2, "שתי מחשבות על ”X”"),
        ("fr", 0, "0 réflexion sur «\xa0X\xa0»"),
        ("fr", 1_000_000, "1000000 de réflexions sur «\xa0X\xa0»"),
        ("ja", 2, "「X」への反響2件"),
    ],
)
def test_thoughts_are_counted_in_the_forms_of_the_language(language: str, number: int, said_of_it: str) -> None:
    translations = translations_for(Locale.parse(language))
    assert translations is not None
    form = translations.ngettext("%(num)s Thought to “%(title)s”", "%(num)s Thoughts to “%(title)s”", number)

    assert form % {"num": number, "title": "X"} == said_of_it
