"""The stylesheet: small, fetching nothing, with colours that can be read."""

import re

import pytest

from tests.pages.builders import PAGES

STYLE = (PAGES / "static" / "style.css").read_text("utf-8")


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, definitions)."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "least"),
    [("ink", 7), ("muted", 4.5), ("accent", 4.5), ("edge", 3), *((name, 4.5) for name in ("key", "text", "number"))],
    ids=lambda value: str(value),
)
def test_colours_stand_out_from_what_is_behind_them(scheme: int, front: str, least: float) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6});", re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[scheme]))

    for back in ("paper", "shade"):
        lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= least, back


def test_the_stylesheet_is_small_and_fetches_nothing() -> None:
    assert len(STYLE.encode()) < 11 * 1024
    assert not re.search(r"url\(|@import|@font-face", STYLE)


def test_no_link_or_date_that_wraps_to_a_line_of_its_own_is_indented() -> None:
    indented = [rule.split("{")[0].strip() for rule in STYLE.splitlines() if "margin-inline-start: ." in rule]

    assert indented == []


def test_the_sign_before_a_tag_is_left_out_where_the_tag_has_one() -> None:
    assert re.findall(r"(\S*)::before {[^}]*content: \"#\"", STYLE) == ["li:not(.hashed)"]
