"""Whether the attributes of an element hide its text from readers, as browsers do. Pure.

Only inline styles and the attribute `hidden` are known. What a script fades in is not hidden, and neither is what
people open themselves, such as `<details>`.
"""

import re
from collections.abc import Mapping

from feedserver.text import BLOCKS
from feedserver.thoughts.source.styles import FONT_SIZES, GLOBAL, INLINE, declared, length

# Why text is hidden. An element within can take all of them back, but for BOX.
BOX, VISIBILITY, FONT, INDENT = 1, 2, 4, 8

# Pixels by which text is moved to the left or up, so that it has left the page. Margins of half a wide screen centre.
_AWAY = -500
_AWAY_BY_MARGIN = -1500
_RELATIVE = frozenset(("em", "ex", "ch", "lh", "%"))  # units of a font size relative to that around it
_NOTHING = frozenset(("none", "auto")) | GLOBAL
_NUMBERS = re.compile(r"-?\d*\.?\d+")
_CLIPPED_AWAY = re.compile(
    r"inset\(\s*(?:[5-9]\d|100)(?:\.\d*)?%\s*\)|circle\(\s*0[a-z%]*[\s)]|polygon\((?:\s*0[a-z%]*[\s,]*+)+\)"
)
_SHRUNK = re.compile(r"scale\(\s*0(?:\.0*)?\s*[,)]")
_TRANSLATED = re.compile(r"translate(?:x|y|3d)?\(\s*(-\d+(?:\.\d*)?px)")

Values = Mapping[str, str]


def hiding(tag: str, hidden: str | None, style: str | None) -> tuple[int, int]:
    """Returns why an element hides its text, and what it takes back of that around it, each of BOX to INDENT.

    `hidden` and `style` are its attributes, None if it has none.
    """
    values = declared(style) if style else {}
    is_block = _is_block(values, tag)
    reasons = {
        BOX: _is_box_hidden(values, hidden, is_block)
        or _is_moved_away(values, is_block)
        or _is_cut_away(values, is_block),
        VISIBILITY: _visibility(values),
        FONT: _font(values),
        INDENT: _indent(values) if is_block else None,
    }
    added = sum(reason for reason, hides in reasons.items() if hides)
    return added, sum(reason for reason, hides in reasons.items() if hides is False) & ~BOX


def _is_box_hidden(values: Values, hidden: str | None, is_block: bool) -> bool:
    # The style of the author comes before `hidden`. A search finds and shows what is hidden until found.
    default = "none" if hidden is not None and hidden.strip().lower() != "until-found" else "inline"
    if values.get("display", default) == "none" or (is_block and values.get("content-visibility") == "hidden"):
        return True
    opacity = length(values.get("opacity", ""))
    is_faded_in = _is_animated(values) or values.get("transform", "none") not in _NOTHING
    return opacity is not None and opacity[0] <= 0 and not is_faded_in


def _is_moved_away(values: Values, is_block: bool) -> bool:
    is_positioned = values.get("position") in ("absolute", "fixed")
    moves = is_positioned or values.get("position") == "relative"
    for side in ("left", "top"):
        has_margin = is_block or side == "left"
        # Padding brings back what a margin takes away, in backgrounds that are wider than their text.
        inset = _margin(values, side) + _pixels(values, f"padding-{side}") if has_margin else 0
        shift = inset + (_pixels(values, side) if moves else 0)
        if shift <= (_AWAY if is_positioned and _pixels(values, side) < 0 else _AWAY_BY_MARGIN):
            return True
    if is_positioned and min(_pixels(values, "right"), _pixels(values, "bottom")) <= _AWAY:
        return True
    translated = _TRANSLATED.search(values.get("transform", ""))
    return is_block and translated is not None and (length(translated[1]) or (0, ""))[0] <= _AWAY_BY_MARGIN


def _is_cut_away(values: Values, is_block: bool) -> bool:
    if values.get("position") in ("absolute", "fixed") and values.get("clip", "").startswith("rect("):
        edges = [float(number) for number in _NUMBERS.findall(values["clip"])]
        if len(edges) == 4 and (edges[2] - edges[0] <= 1 or edges[1] - edges[3] <= 1):
            return True
    if _CLIPPED_AWAY.match(values.get("clip-path", "")):
        return True
    if _is_animated(values) or not is_block:
        return False
    is_clipped = any(values.get(f"overflow-{axis}", "visible") not in {"visible"} | GLOBAL for axis in "xy")
    is_flat = _is_flat(values, "height", ("top", "bottom")) or _is_flat(values, "width", ("left", "right"))
    return (is_clipped and is_flat) or bool(_SHRUNK.search(values.get("transform", "")))


def _is_flat(values: Values, size: str, sides: tuple[str, str]) -> bool:
    """Whether a box has at most one pixel in a direction. Padding gives room: a video is placed in it."""
    sizes = [found[0] for name in (size, f"max-{size}") if (found := length(values.get(name, "")))]
    room = sum(_pixels(values, f"padding-{side}") for side in sides) + _pixels(values, f"min-{size}")
    return bool(sizes) and min(sizes) <= 1 and room <= 1


def _is_block(values: Values, tag: str) -> bool:
    """Whether an element has a box of its own: sizes, indents and transforms do not apply to inline ones."""
    is_taken_out = values.get("position") in ("absolute", "fixed") or values.get("float", "none") in ("left", "right")
    display = values.get("display")
    return is_taken_out or (tag in BLOCKS if display is None or display in GLOBAL else display not in INLINE)


def _is_animated(values: Values) -> bool:
    names = ("transition", "animation", "animation-name", "will-change")
    return any(values.get(name, "none") not in _NOTHING for name in names)


def _pixels(values: Values, name: str) -> float:
    found = length(values.get(name, ""))
    return found[0] if found else 0


def _margin(values: Values, side: str) -> float:
    found = length(values.get(f"margin-{side}", ""))
    return found[0] if found and found[1] != "%" else 0  # -100 % puts one column before another


# Each of these: true hides, false shows again what was hidden around the element, None changes nothing.


def _visibility(values: Values) -> bool | None:
    match values.get("visibility"):
        case "hidden" | "collapse":
            return not _is_animated(values) or None
        case "visible" | "initial" | "revert":
            return False
    return None


def _font(values: Values) -> bool | None:
    value = values.get("font-size", "")
    if (size := length(value)) is None:
        return False if value in FONT_SIZES | {"initial", "revert"} else None
    if size[0] <= 0:
        return True
    return None if size[1] in _RELATIVE else False


def _indent(values: Values) -> bool | None:
    indent = length(values.get("text-indent", ""))
    return indent[0] <= _AWAY if indent else None
