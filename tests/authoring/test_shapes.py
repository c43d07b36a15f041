"""Answers have the members, and the types, that WordPress gives: clients were built for these."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from feedserver.services import WebServices
from tests.authoring.conftest import ME, App
from tests.support.media_files import encoded, quarters

SAMPLES = Path(__file__).parents[1] / "data" / "metaweblog" / "wordpress-6.1.9-responses.txt"
# What we leave out: a picture's EXIF, which is never stored.
LEFT_OUT = {"metadata.image_meta"}


def shapes(value: ElementTree.Element, path: str = "") -> Iterator[tuple[str, str]]:
    """The path and the type of each value: members by their names, items of arrays all alike."""
    typed = next(iter(value), None)
    kind = "string" if typed is None else typed.tag
    if kind == "struct" and typed is not None:
        for member in typed:
            yield from shapes(member[1], f"{path}.{member[0].text}".lstrip("."))
    elif kind == "array" and typed is not None:
        for item in typed[0]:
            yield from shapes(item, f"{path}[]")
    yield path, kind


def recorded(method: str) -> dict[str, str]:
    """The shape of WordPress's first whole answer to a method, of its first item where it is cut."""
    for answer in SAMPLES.read_text("utf-8").split("##### ")[1:]:
        if answer.startswith(f"{method} ") and "<fault>" not in answer:
            return dict(shapes(_value(answer.partition("\n")[2].strip())))
    raise AssertionError(method)


def _value(document: str) -> ElementTree.Element:
    if not document.endswith("</methodResponse>"):  # cut: what was begun last is left out, and all is ended
        document = document[: document.rindex("<member>")]
        for tag in reversed(list(_open(document))):
            document += f"</{tag}>"
    root = ElementTree.fromstring(document)
    value = root.find("params/param/value")
    assert value is not None
    for array in list(value.iter("data")):  # a struct that is cut
        for item in list(array)[1:]:
            array.remove(item)
    return value


def _open(document: str) -> Iterator[str]:
    begun: list[str] = []
    for closing, tag in re.findall(r"<(/?)(\w+(?:\.\w+)?)[^>?]*>", document):
        begun.pop() if closing else begun.append(tag)
    yield from begun


def answered(app: App, method: str, *params: Any) -> dict[str, str]:
    answer = ElementTree.fromstring(app.send(app.written(method, *params)).data)
    value = answer.find("params/param/value")
    assert value is not None
    return dict(shapes(value))


@pytest.fixture
def filled(mars: App) -> App:
    mars.new(title="Spring", description="Larks", categories=["Birds"])
    return mars


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("wp.getUsersBlogs", [ME]),
        ("blogger.getUsersBlogs", ["key", ME]),
        ("blogger.getUserInfo", ["", ME]),
        ("metaWeblog.getRecentPosts", ["1", ME, 5]),
        ("metaWeblog.getCategories", ["1", ME]),
        ("mt.getCategoryList", ["1", ME]),
        ("wp.getTags", ["1", ME]),
        ("metaWeblog.newMediaObject", ["1", ME, {"name": "a.png", "bits": encoded(quarters(), "PNG")}]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_member_that_wordpress_gives_is_there_and_of_its_type(filled: App, method: str, params: list[Any]) -> None:
    theirs, ours = recorded(method), answered(filled, method, *params)

    assert theirs
    missing = {path: kind for path, kind in theirs.items() if ours.get(path) != kind and not _is_left_out(path)}
    assert missing == {}


def _is_left_out(path: str) -> bool:
    return any(path == left_out or path.startswith(f"{left_out}.") for left_out in LEFT_OUT)


def test_there_is_a_shape_in_the_samples() -> None:
    assert recorded("wp.getUsersBlogs") == {
        "[].isAdmin": "boolean",
        "[].url": "string",
        "[].blogid": "string",
        "[].blogName": "string",
        "[].xmlrpc": "string",
        "[]": "struct",
        "": "array",
    }
    assert "[].date_created_gmt" in recorded("metaWeblog.getRecentPosts")


def test_dates_say_that_they_are_in_utc_and_no_value_is_nil(filled: App, services: WebServices) -> None:
    for method, *params in (
        ("metaWeblog.getRecentPosts", "1", ME),
        ("wp.getPosts", "1", ME),
        ("mt.getRecentPostTitles", "1", ME, 3),
        ("blogger.getRecentPosts", "key", "1", ME, 3),
    ):
        answer = filled.send(filled.written(method, *params)).text
        dates = re.findall("<dateTime.iso8601>(.*?)</dateTime.iso8601>", answer)
        assert dates
        assert all(re.fullmatch(r"\d{8}T\d\d:\d\d:\d\dZ", date) for date in dates)
        assert "<nil" not in answer


def test_a_faults_code_comes_first_and_its_text_last_as_a_typed_string(mars: App) -> None:
    mars.token = "wrong"
    answer = mars.send(mars.written("wp.getUsersBlogs", ME))

    members = [
        (member.findtext("name"), [one.tag for one in member.findall("value/*")], member.findtext("value/*"))
        for member in ElementTree.fromstring(answer.data).iter("member")
    ]
    assert members == [("faultCode", ["int"], "403"), ("faultString", ["string"], "Incorrect username or password.")]
    assert answer.content_length == len(answer.data)
