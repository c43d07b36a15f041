"""Documents with other fields: every line that is not meant stays byte for byte."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.errors import InvalidDocument
from feedserver.posts import document, front_matter
from feedserver.posts.amending import amended, composed
from feedserver.posts.field_values import line
from feedserver.posts.model import Enclosure
from feedserver.text import clean

WRITTEN = """---
# of the sea
Title:  Old words   # first draft
mood: |
  calm
  # no comment

# what it is about
tags:
- a
- b # second

lang: de
colour: {red: [1, 2]}
---

The text  \twith blanks.
"""


def test_a_field_is_changed_in_its_place_and_all_other_lines_stay() -> None:
    assert amended(WRITTEN, {"tags": ["a", "c"]}) == WRITTEN.replace("tags:\n- a\n- b # second\n", 'tags: ["a", "c"]\n')
    assert amended(WRITTEN, {"lang": None}) == WRITTEN.replace("lang: de\n", "")
    assert amended(WRITTEN, {"title": "New: words"}) == WRITTEN.replace(
        "Title:  Old words   # first draft", 'title: "New: words"'
    )


def test_a_new_field_comes_last() -> None:
    assert amended(WRITTEN, {"slug": "sea"}) == WRITTEN.replace("\n---\n\n", '\nslug: "sea"\n---\n\n')


def test_another_text_changes_no_field_and_its_line_ends_are_lf() -> None:
    head, _, _ = WRITTEN.partition("\nThe text")

    assert amended(WRITTEN, {}, "One\r\n two  \rthree\n") == head + "One\n two  \nthree\n"
    assert amended("---\ntitle: x\n---", {}, "Words") == "---\ntitle: x\n---\nWords"


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Old words", "lang": "de"},
        {"tags": ["a", "b"]},
        {"draft": False, "pings": True, "comments": True, "tell": True, "page": False, "slug": None},
        {"summary": "", "authors": []},
    ],
    ids=["texts", "names", "what is so without a word", "what is empty"],
)
def test_what_is_said_already_stays_as_it_is_written(fields: dict[str, str]) -> None:
    assert amended(WRITTEN, fields) == WRITTEN


def test_values_are_read_back_as_they_were_given() -> None:
    moment = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
    files = [Enclosure("/media/a/a.mp3", "audio/mpeg", 7)]

    source = composed(
        {"title": "A", "slug": "a", "date": moment, "pings": False, "tell": False, "draft": True, "enclosures": files},
        "Words",
    )

    read = document.read(source.encode(), UTC)
    assert (read.title, read.slug, read.date, read.body) == ("A", "a", moment, "Words")
    assert (read.pings_open, read.comments_open, read.tells, read.draft) == (False, True, False, True)
    assert read.enclosures == tuple(files)


@pytest.mark.parametrize(
    "line",
    [
        "published: false",
        "status: draft",
        "isPrivate: yes",
        "expiryDate: 2020-01-01",
        "params: {draft: true}",
        "draft: yes",
        "drfat: true",
    ],
)
def test_a_post_that_is_published_loses_what_withholds_it_in_other_systems_words(line: str) -> None:
    source = f"---\ntitle: x\n{line}\n# kept\n---\nWords\n"

    published = amended(source, {"draft": False})

    assert published == source.replace(f"{line}\n", "")


def test_what_stands_beside_a_withholding_word_in_a_mapping_stays() -> None:
    published = amended("---\ntitle: x\nparams: {draft: true, mood: calm}\n---\n", {"draft": None})

    assert front_matter.split(published)[0].fields == {"title": "x", "params": {"mood": "calm"}}


def test_another_date_takes_the_place_of_those_in_other_systems_words() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    dated = amended("---\ntitle: x\npublishDate: 2030-01-01\n---\n", {"date": moment})

    assert document.read(dated.encode(), UTC).date == moment


@pytest.mark.parametrize(
    "front",
    ["{title: x, draft: yes, 'my field': [q, {k: v}]}", "title: &t x\ndraft: yes\nmy field: [q, {k: *t}]"],
    ids=["one flow", "an alias"],
)
def test_fields_that_share_lines_are_written_anew_with_the_same_values(front: str) -> None:
    source = f"---\n{front}\n---\nWords"
    before = dict(front_matter.split(source)[0].fields)

    changed = amended(source, {"title": "y", "draft": None})

    fields, text = front_matter.split(changed)
    assert dict(fields.fields) == {name: value for name, value in before.items() if name != "draft"} | {"title": "y"}
    assert text == "Words"


@pytest.mark.parametrize(
    "front",
    [r'{title: x, mood: "a\x01b"}', 'title: &t x\nmood: [*t, "a\\Nb"]', "title: &t x\nmoods:\n  - *t\n  -"],
    ids=["what nobody sees in one flow", "another line's end beside an alias", "a blank in a list"],
)
def test_values_that_would_change_when_they_are_written_anew_are_refused(front: str) -> None:
    with pytest.raises(InvalidDocument, match="cannot be changed here; edit the document"):
        amended(f"---\n{front}\n---\nWords", {"title": "y"})


def test_blanks_within_a_field_stay_blank_when_it_is_written_anew() -> None:
    published = amended("---\ntitle: x\nparams:\n  draft: true\n  mood:\n---\nWords", {"draft": False})
    shared = amended("---\n{title: x, params: {a: , b: 1}}\n---\nWords", {"title": "y"})

    assert front_matter.split(published)[0].fields == {"title": "x", "params": {"mood": None}}
    assert front_matter.split(shared)[0].fields == {"title": "y", "params": {"a": None, "b": "1"}}


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=80), st.lists(st.text(max_size=10), max_size=3))
def test_whatever_is_typed_is_read_back(title: str, body: str, tags: list[str]) -> None:
    tags = [tag for tag in tags if line(tag) not in (".", "..")]  # which are refused
    written = composed({"title": title, "tags": tags, "summary": title}, body)

    front, text = front_matter.split(written)
    assert text == clean(body.replace("\x85", "\u2028"))
    assert (front.fields.get("title") or "") == clean(re.sub("[\x85\u2028\u2029]", " ", title))
    assert amended(written, {"title": title, "tags": tags}, body) == written
