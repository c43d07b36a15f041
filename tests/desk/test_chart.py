"""The picture of readers."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from feedserver.desk.chart import WIDTH, Point, chart, round_above

FIRST = date(2026, 1, 1)
SVG = "{http://www.w3.org/2000/svg}"


def points(number: int) -> list[Point]:
    return [Point(FIRST + timedelta(days=day), day * 7 % 50, day * 11 % 300) for day in range(number)]


def drawn(number: int) -> ElementTree.Element:
    text = chart(points(number), "Readers <here>", "From & to").replace(
        "<svg", '<svg xmlns="http://www.w3.org/2000/svg"'
    )
    return ElementTree.fromstring(text)


def test_the_picture_is_named_and_described_and_has_no_styles_of_its_own() -> None:
    picture = drawn(30)

    assert picture.get("role") == "img"
    named = picture.get("aria-labelledby", "").split()
    assert [picture.find(f".//*[@id='{name}']").text for name in named] == ["Readers <here>", "From & to"]  # type: ignore[union-attr]
    assert all("style" not in element.attrib for element in picture.iter())


@pytest.mark.parametrize("number", [1, 2, 3, 30, 92, 400])
def test_each_day_has_its_bar_and_the_last_one_its_date(number: int) -> None:
    picture = drawn(number)

    paths = {path.get("class"): path.get("d", "") for path in picture.iter(f"{SVG}path")}
    dates = [text.text for text in picture.iter(f"{SVG}text") if (text.text or "").startswith("2026-")]
    assert paths["bars"].count("M") == number
    assert dates[-1] == str(FIRST + timedelta(days=number - 1)) if number < 366 else len(dates) > 1
    assert len(dates) <= 5


def test_the_bar_of_one_day_is_no_block() -> None:
    bars = next(path.get("d", "") for path in drawn(1).iter(f"{SVG}path") if path.get("class") == "bars")

    assert float(bars.partition("h")[2].partition("v")[0]) < WIDTH / 10


@pytest.mark.parametrize(
    ("value", "above"), [(0, 1), (1, 1), (3, 5), (6, 10), (10, 10), (11, 20), (99, 100), (101, 200), (12_345, 20_000)]
)
def test_scales_end_at_round_numbers(value: int, above: int) -> None:
    assert round_above(value) == above
