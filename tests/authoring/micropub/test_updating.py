"""Updates of properties (Micropub section 3.4)."""

from typing import Any

from feedserver.authoring.micropub.requests import Update
from feedserver.authoring.micropub.updating import updated

POST: dict[str, list[Any]] = {
    "content": ["Hello"],
    "category": ["one", "two"],
    "photo": [{"value": "a.jpg", "alt": "A"}],
}


def test_replaced_values_take_the_place_of_all_others() -> None:
    assert updated(POST, Update("u", replace={"category": ["three"]}))["category"] == ["three"]


def test_added_values_come_last_and_once() -> None:
    changed = updated(POST, Update("u", add={"category": ["two", "three"], "name": ["New"]}))

    assert (changed["category"], changed["name"]) == (["one", "two", "three"], ["New"])


def test_deleted_values_go_and_others_stay() -> None:
    assert updated(POST, Update("u", remove={"category": ["two"]}))["category"] == ["one"]


def test_tags_are_one_in_any_letter_case_and_unicode_form() -> None:
    tags = {"category": ["One", "\u00e9", {"x": 1}]}

    assert updated(tags, Update("u", remove={"category": ["ONE", "e\u0301"]})) == {"category": [{"x": 1}]}
    assert updated(tags, Update("u", add={"category": ["ONE", "E\u0301", "two"]})) == {
        "category": ["One", "\u00e9", {"x": 1}, "two"]
    }
    assert updated({"name": ["One"]}, Update("u", remove={"name": ["ONE"]})) == {"name": ["One"]}


def test_zero_and_false_are_two_values() -> None:
    assert updated({"x": [0, False, 1, True]}, Update("u", remove={"x": [False, 1]})) == {"x": [0, True]}


def test_a_property_without_values_is_none() -> None:
    assert "category" not in updated(POST, Update("u", remove={"category": ["one", "two"]}))
    assert "content" not in updated(POST, Update("u", replace={"content": []}))


def test_whole_properties_go() -> None:
    assert updated(POST, Update("u", remove_whole=frozenset({"category", "unknown"}))).keys() == {"content", "photo"}


def test_a_photo_is_deleted_by_its_address() -> None:
    assert "photo" not in updated(POST, Update("u", remove={"photo": ["a.jpg"]}))


def test_the_properties_before_stay_as_they_are() -> None:
    updated(POST, Update("u", add={"category": ["three"]}))

    assert POST["category"] == ["one", "two"]
