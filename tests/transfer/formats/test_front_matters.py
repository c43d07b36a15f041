"""Front matter in YAML, TOML, JSON and header lines: values stay the text that was written, and bombs do no harm."""

import pytest

from feedserver.transfer.formats import front_matters
from feedserver.transfer.formats.front_matters import Damaged, as_text, settings, split, split_header


def test_values_of_yaml_stay_text() -> None:
    front = split("---\nTitle: no\nweight: 010\ndate: 2022-06-06\nratio: 1.50\nempty:\nnone: ~\n---\nText\n")

    assert front.fields == {
        "title": "no",
        "weight": "010",
        "date": "2022-06-06",
        "ratio": "1.50",
        "empty": None,
        "none": "~",
    }
    assert front.written["title"] == "Title"
    assert front.body == "Text\n"


def test_three_dots_end_yaml() -> None:
    assert split("---\na: b\n...\nText").body == "Text"


def test_values_of_toml_stay_text() -> None:
    front = split(
        '+++\ntitle = "A"\ndate = 2021-12-31\nat = 07:30:00\nn = 0o17\nx = 1.50\non = true\n[p]\nm = ["c"]\n+++\nT'
    )

    assert front.fields == {
        "title": "A",
        "date": "2021-12-31",
        "at": "07:30:00",
        "n": "15",
        "x": "1.50",
        "on": "true",
        "p": {"m": ["c"]},
    }
    assert front.body == "T"


def test_values_of_json_stay_text() -> None:
    front = split(
        '{\n "Title": "A {b}", "n": 10, "x": 1.50, "off": false, "none": null, "t": ["\\ud83d\\udc1d"]\n}\n\nBody'
    )

    assert front.fields == {"title": "A {b}", "n": "10", "x": "1.50", "off": "false", "t": ["🐝"]}
    assert front.body == "\nBody"


@pytest.mark.parametrize(
    "text", ["", "Text", "---\nno end", "{% include x %}", "{: .x}\nText", "--- a\n---\n", "+++ a", "---\nWords\n---\n"]
)
def test_a_document_may_have_none(text: str) -> None:
    assert split(text) == front_matters.Front(body=text)


def test_header_lines_go_on_where_they_are_indented_and_end_at_an_empty_line() -> None:
    front = split_header("Title: Re: bees\nSummary: Two\n    lines\nTags: a\nTags: b\n\nText: here\n")

    assert front.fields == {"title": "Re: bees", "summary": "Two\nlines", "tags": "a\nb"}
    assert front.body == "Text: here\n"


def test_header_lines_may_stand_between_hyphens() -> None:
    assert split_header("---\nTitle: Re: bees\n---\nText").fields == {"title": "Re: bees"}


def test_a_text_without_a_header_is_all_body() -> None:
    assert split_header("Just a text: with a colon.\n") == front_matters.Front(body="Just a text: with a colon.\n")


DAMAGED = {
    "colon": ("---\ntitle: Re: bees\ntags: [a]\n---\nText", {"title": "Re: bees", "tags": ["a"]}),
    "twice": ("---\ntitle: a\ntitle: b\n---\nText", {"title": "b"}),
    "quote": ("---\ntitle: 'a\ndate: 2020-01-02\n---\nText", {"title": "a", "date": "2020-01-02"}),
    "bracket": ("---\ntitle: a\ntags: [b\n---\nText", {"title": "a", "tags": "[b"}),
    "tab": ("---\ntitle: a\nx:\n\tb: c\n---\nText", {"title": "a", "x": "b: c"}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_with_its_line_and_mended_a_field_at_a_time(name: str) -> None:
    text, fields = DAMAGED[name]

    with pytest.raises(Damaged, match="line"):
        split(text)
    front = split(text, forgiving=True)
    assert front.fields == fields
    assert front.body == "Text"
    assert "line" in front.mended


@pytest.mark.parametrize("text", ["---\n{a: b\n---\nText", "+++\na\n+++\nText", '{"a": }\nText'])
def test_a_document_of_which_nothing_can_be_read_is_a_draft_with_its_whole_text(text: str) -> None:
    front = split(text, forgiving=True)

    assert (front.fields, front.body) == ({"draft": "true"}, text)
    assert front.mended


LAUGHS = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_a_billion_laughs_are_not_written_out() -> None:
    fields = split(f"---\n{LAUGHS}---\n").fields

    assert as_text(fields["a"]) == "[" + ", ".join(9 * ['"lol"']) + "]"
    assert as_text(fields["i"]) is None


@pytest.mark.parametrize(
    "front",
    ["a: " + "[" * 400, "- " * 3000, "a: &a [*a]", "x" * 200_000, "a: {b: " * 3000, "? " * 10_000],
    ids=["flow", "block", "itself", "long", "mappings", "keys"],
)
@pytest.mark.timeout(20)
def test_hostile_yaml_is_told_in_one_line_or_kept_short(front: str) -> None:
    found = split(f"---\n{front}\n---\nText", forgiving=True)

    assert "\n" not in found.mended
    assert found.mended or all(as_text(value) is None for value in found.fields.values())


@pytest.mark.parametrize("front", ["a = " + "[" * 20_000, "a" + ".a" * 2000 + " = 1"], ids=["flow", "keys"])
@pytest.mark.timeout(20)
def test_hostile_toml_is_told_in_one_line(front: str) -> None:
    with pytest.raises(Damaged) as refusal:
        split(f"+++\n{front}\n+++\nText")

    assert "\n" not in str(refusal.value)


@pytest.mark.timeout(20)
def test_hostile_json_is_told_in_one_line() -> None:
    with pytest.raises(Damaged):
        split('{"a": ' + "[" * 20_000)


def test_lists_and_mappings_are_kept_as_json() -> None:
    assert as_text({"a": ["b", None], "c": "5 < 7 ü"}) == '{"a": ["b", null], "c": "5 < 7 ü"}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_config.yml", "title: no\nx: [a]\n"),
        ("_config.yml", "---\ntitle: no\nx: [a]\n"),
        ("hugo.toml", 'title = "no"\nx = ["a"]\n'),
        ("config.json", '{"title": "no", "x": ["a"]}'),
    ],
)
def test_settings_are_read_alike_in_every_language(name: str, text: str) -> None:
    assert settings(text, name) == {"title": "no", "x": ["a"]}


def test_damaged_settings_are_none() -> None:
    assert settings("a: b: c", "_config.yml") == {}
