"""What Micropub clients ask for: forms and JSON that are taken, and what is wrong with others."""

import json
from typing import Any, Literal

import pytest

from feedserver.authoring.micropub.requests import (
    Creation,
    InvalidRequest,
    Removal,
    Update,
    of_form,
    of_json,
    query_values,
)


def in_json(**members: Any) -> bytes:
    return json.dumps(members).encode()


def test_fields_of_a_form_are_lists_whatever_their_brackets() -> None:
    pairs = [("h", "entry"), ("category", "a"), ("category[]", "b"), ("category[0]", "c"), ("content", "Hello")]

    assert of_form(pairs) == Creation({"category": ["a", "b", "c"], "content": ["Hello"]})


def test_commands_are_no_properties_and_empty_values_are_none() -> None:
    pairs = [("content", "Hello"), ("mp-syndicate-to[]", ""), ("mp-destination", "undefined"), ("name", "")]

    assert of_form(pairs) == Creation({"content": ["Hello"]}, {"mp-destination": ["undefined"]})


def test_html_comes_in_brackets() -> None:
    assert of_form([("content[html]", "<b>x</b>")]).properties == {"content": [{"html": "<b>x</b>"}]}  # type: ignore[union-attr]


def test_alternative_texts_stand_beside_photos() -> None:
    pairs = [("photo[]", "https://a.example/1"), ("photo[]", "https://a.example/2"), ("mp-photo-alt[]", "One")]

    photos = of_form(pairs).properties["photo"]  # type: ignore[union-attr]

    assert photos == [{"value": "https://a.example/1", "alt": "One"}, "https://a.example/2"]


A, B = "https://a.example/1", "https://a.example/2"
DESCRIBED = [A, {"value": B, "alt": "Two"}]


@pytest.mark.parametrize(
    ("pairs", "photos"),
    [
        ([("photo[]", A), ("photo[]", B), ("mp-photo-alt[]", ""), ("mp-photo-alt[]", "Two")], DESCRIBED),
        ([("photo[0]", A), ("photo[1]", B), ("mp-photo-alt[1]", "Two")], DESCRIBED),
        ([("photo[]", ""), ("photo[]", B), ("mp-photo-alt[]", ""), ("mp-photo-alt[]", "Two")], DESCRIBED[1:]),
        ([("photo[]", ""), ("photo[]", B), ("mp-photo-alt[]", "None")], [B]),
    ],
)
def test_the_text_of_a_photo_is_the_one_at_its_place_whatever_is_empty(
    pairs: list[tuple[str, str]], photos: list[object]
) -> None:
    assert of_form(pairs).properties["photo"] == photos  # type: ignore[union-attr]


@pytest.mark.parametrize("empty", ["", None])
def test_so_it_is_in_json(empty: str | None) -> None:
    sent = of_json(in_json(properties={"photo": [A, B], "mp-photo-alt": [empty, "Two"]}))
    assert sent == Creation({"photo": DESCRIBED})

    sent = of_json(in_json(properties={"photo": [A, empty], "mp-photo-alt": ["", "None", "No file", empty]}))
    assert sent == Creation({"photo": [A]})


NUMBERED = [("mp-photo-alt[1]", "One"), ("mp-photo-alt[2]", "Two")]


@pytest.mark.parametrize(
    ("pairs", "files", "alts"),
    [
        (NUMBERED, ["photo[1]", "photo[2]"], ("One", "Two")),
        (NUMBERED, ["photo[2]", "photo[1]"], ("Two", "One")),
        ([("photo[0]", A), *NUMBERED], ["photo[1]", "photo[2]"], ("One", "Two")),
        ([("photo[2]", A), *NUMBERED], ["photo[1]", "photo[3]"], ("One", "")),
        ([("photo", A), *NUMBERED], ["photo[0]", "photo[1]"], ("One", "Two")),
        (NUMBERED, ["photo[1]", "photo[]", "photo[9999]", "video[1]"], ("One", "Two", "")),
    ],
)
def test_the_place_of_a_file_is_its_number(
    pairs: list[tuple[str, str]], files: list[str], alts: tuple[str, ...]
) -> None:
    assert of_form(pairs, files).alts == alts  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("photos", "texts", "alts"),
    [
        ([""], ["One"], ("One",)),
        (["", ""], ["One", "Two"], ("One", "Two")),
        ([""], ["", "Two"], ("", "Two")),
        ([A, ""], ["Of A", "One"], ("One",)),
        (["", A, ""], ["", "Of A", "One"], ("One",)),
        ([""], ["", "One"], ("One",)),
        ([""], ["", "One", ""], ("One", "")),
        ([""], ["One", ""], ("One",)),
        ([], ["", "Two"], ("", "Two")),
    ],
)
def test_empty_addresses_at_the_end_take_no_text_from_files(
    photos: list[str], texts: list[str], alts: tuple[str, ...]
) -> None:
    pairs = [*(("photo[]", photo) for photo in photos), *(("mp-photo-alt[]", text) for text in texts)]

    assert of_form(pairs, ["photo[]"] * len(alts)).alts == alts  # type: ignore[union-attr]


def test_a_number_far_away_makes_no_room() -> None:
    pairs = [(f"category[{'9' * digits}]", "a") for digits in (4, 12, 5000)]

    assert of_form(pairs) == Creation({"category": ["a"] * 3})


def test_json_has_arrays_and_nested_objects() -> None:
    card = {"type": ["h-card"], "properties": {"name": ["A place"], "latitude": [60.17]}}
    body = in_json(type=["h-entry"], properties={"checkin": [card], "content": ["Lunch"], "access_token": ["x"]})

    assert of_json(body, "x") == Creation({"checkin": [card], "content": ["Lunch"]})


def test_an_update_replaces_adds_and_deletes() -> None:
    body = in_json(
        action="update",
        url="http://blog.example/posts/a",
        replace={"content": ["New"]},
        add={"category": ["two"]},
        delete={"category": ["one"]},
    )

    asked = of_json(body)

    assert asked == Update(
        "http://blog.example/posts/a", {"content": ["New"]}, {"category": ["two"]}, {"category": ["one"]}
    )


def test_whole_properties_are_deleted_by_name() -> None:
    asked = of_json(in_json(action="update", url="u", delete=["category", "mp-x"]))

    assert asked == Update("u", remove_whole=frozenset({"category"}))


@pytest.mark.parametrize("action", ["delete", "undelete"])
def test_posts_are_deleted_and_brought_back_by_form_and_json(action: Literal["delete", "undelete"]) -> None:
    assert (
        of_form([("action", action), ("url", "u")]) == of_json(in_json(action=action, url="u")) == Removal("u", action)
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"type":["h-entry"],',
        b"[1]",
        b'{"properties": {"content": [NaN]}}',
        b'{"properties": {"content": [1e999]}}',
        b"\xff",
        in_json(type=["h-event"], properties={"name": ["Party"]}),
        in_json(type=["h-entry"]),
        in_json(properties={"content": "no array"}),
        in_json(action="update", url="u"),
        in_json(action="update", replace={"content": ["x"]}),
        in_json(action="update", url="u", replace="not an object"),
        in_json(action="update", url="u", replace={"content": "not an array"}),
        in_json(action="update", url="u", add=["category"]),
        in_json(action="update", url="u", delete="category"),
        in_json(action="update", url="u", delete=[1]),
        in_json(action="delete"),
        in_json(action="explode", url="u"),
        in_json(action=["delete"], url="u"),
        b'{"properties": {"a": ' + b"[" * 30 + b"]" * 30 + b"}}",
        b'{"properties": {"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}",
    ],
    ids=lambda body: repr(body[:60]),
)
def test_what_cannot_be_carried_out_is_refused_with_a_line(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        of_json(body)

    assert str(refusal.value)


@pytest.mark.parametrize("pairs", [[("h", "event"), ("name", "x")], [("action", "delete")]])
def test_so_are_forms(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequest):
        of_form(pairs)


def test_a_list_in_a_query_has_brackets_or_none() -> None:
    pairs = [("properties[]", "content"), ("properties", "name"), ("properties[2]", "photo"), ("q", "source")]

    assert query_values(pairs, "properties") == ["content", "name", "photo"]
