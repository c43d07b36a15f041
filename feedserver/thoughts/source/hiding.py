"""Whether the attributes of an element hide its text from readers, as browsers do. Pure.

Only inline styles and the attributes `hidden`, `popover` and `open` are known. What a script fades in is not hidden,
and neither is what people open themselves in the page, such as `<details>`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from feedserver.text import BLOCKS
from feedserver.thoughts.source import shapes
from feedserver.thoughts.source.styles import FONT_SIZES, GLOBAL, INLINE, declared, length

# Why text is hidden. An element within can take all of them back, but for BOX. Of a box without height or width,
# `position: absolute` takes CUT back and `position: fixed` both.
BOX, VISIBILITY, FONT, INDENT, COLOR, FILL, CUT, CUT_WITH_PLACED = 1, 2, 4, 8, 16, 32, 64, 128
TINY, MOVED = 8192, 16384  # between them are other flags of tokens

DEFAULTS = frozenset(("a", "datalist", "dialog"))  # elements that hide or show something without any attribute

# Pixels by which text is moved to the left or up, so that it has left the page. Margins of half a wide screen centre.
_AWAY = -500
_AWAY_BY_MARGIN = -1500
_BEYOND_SCREENS = 5000  # to the right or down, where nobody can scroll
_BEYOND_THE_SCREEN = 1440  # from the other end of a screen of 960 pixels
_NO_FONT, _LEAST_FONT = 0.5, 1  # pixels
_EM, _PAGE = 16, 960  # pixels of 1em and 100%, as in `length`
_RELATIVE = frozenset(("em", "ex", "ch", "lh", "%"))  # units of a font size relative to that around it
_NOTHING = frozenset(("none", "auto")) | GLOBAL
_INHERITED = frozenset(("", "inherit", "unset", "revert-layer"))

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offset:
    """Pixels by which a box is moved to the right or down; at `limit` it has left the page."""

    pixels: float = 0
    limit: float = _AWAY_BY_MARGIN

    @property
    def is_away(self) -> bool:
        return self.pixels <= self.limit

    def within(self, around: "Offset") -> "Offset":
        """The sum. Small ones alone are the layout of a page, and none."""
        if not self.pixels or not (around.pixels or self.is_away or self.pixels >= -_AWAY):
            return around
        return Offset(around.pixels + self.pixels, around.limit if around.is_away else self.limit)


Offsets = tuple[Offset, Offset]  # to the right, and down
_HERE, _GONE = Offset(), Offset(-math.inf)
UNMOVED: Offsets = (_HERE, _HERE)


@dataclass(frozen=True, slots=True)
class Hiding:
    """What an element changes of why text is hidden: what it adds, takes back, and adds if the text is cut away."""

    added: int = 0
    removed: int = 0
    if_cut: int = 0
    offsets: Offsets = UNMOVED

    def within(self, around: int, offsets: Offsets) -> tuple[int, Offsets]:
        """Why the text of the element is hidden, and where it is, given those around it."""
        reasons = around & ~self.removed | self.added
        if reasons & (CUT | CUT_WITH_PLACED):
            reasons |= self.if_cut
        if self.offsets is not UNMOVED:
            offsets = (self.offsets[0].within(offsets[0]), self.offsets[1].within(offsets[1]))
            reasons = reasons | MOVED if offsets[0].is_away or offsets[1].is_away else reasons & ~MOVED
        return reasons, offsets


def hiding(tag: str, hidden: str | None, style: str | None, is_open: bool = False) -> Hiding:
    """Returns why an element hides its text, and what it takes back of that around it.

    `hidden` (or `popover`) and `style` are its attributes, None if it has none; `is_open` whether it has `open`.
    """
    values = declared(style) if style else {}
    is_block = _is_block(values, tag)
    position = values.get("position")
    color, fill = _colors(values, tag)
    reasons = {
        BOX: _is_box_hidden(values, _default_display(tag, hidden, is_open, values))
        or (is_block and values.get("content-visibility", _default_content(hidden)) == "hidden")
        or _is_cut_away(values, is_block),
        VISIBILITY: _visibility(values),
        FONT: _font(values),
        TINY: _tiny(values),
        INDENT: _indent(values) if is_block else None,
        COLOR: color,
        FILL: fill,
        CUT: _is_cut(values, is_block) or (False if position in ("absolute", "fixed") else None),
        CUT_WITH_PLACED: False if position == "fixed" else None,
    }
    return Hiding(
        added=sum(reason for reason, hides in reasons.items() if hides),
        removed=sum(reason for reason, hides in reasons.items() if hides is False) & ~BOX,
        if_cut=_held(values, is_block),
        offsets=_offsets(values, is_block),
    )


def _default_display(tag: str, hidden: str | None, is_open: bool, values: Values) -> str:
    # The style of the author comes before `hidden`.
    if tag == "datalist" or (tag == "dialog" and not is_open):
        return "none"
    is_hidden = hidden is not None and _default_content(hidden) != "hidden"
    return "none" if is_hidden and "display" not in values else "inline"


def _default_content(hidden: str | None) -> str:
    """The value of `content-visibility` (HTML section 15.3.1)."""
    return "hidden" if (hidden or "").strip().lower() == "until-found" else "visible"


def _is_box_hidden(values: Values, default: str) -> bool:
    display = values.get("display", "revert")
    if display == "none" or (display in ("revert", "revert-layer") and default == "none"):
        return True
    opacity = length(values.get("opacity", ""))
    is_clear = (opacity is not None and opacity[0] <= 0) or shapes.is_filtered_away(values.get("filter", ""))
    return is_clear and not _is_animated(values) and not _is_transformed(values)


def _offsets(values: Values, is_block: bool) -> Offsets:
    across, down = _offset(values, is_block, "left", "right"), _offset(values, is_block, "top", "bottom")
    return (across, down) if across.pixels or down.pixels else UNMOVED


def _offset(values: Values, is_block: bool, side: str, end: str) -> Offset:
    is_positioned = values.get("position") in ("absolute", "fixed")
    moves = is_positioned or values.get("position") == "relative"
    if is_positioned and _is_centred(values, side, end):
        return _HERE
    has_margin = is_block or side == "left"
    # Padding brings back what a margin takes away, in backgrounds that are wider than their text.
    shift = _margin(values, side) + _pixels(values, f"padding-{side}") if has_margin else 0
    shift += shapes.translated(values, side) if is_block else 0
    if moves and values.get(side, "auto") in _NOTHING:  # else the other side moves nothing
        from_end, is_relative = _pixels(values, end), values.get(end, "").endswith("%")
        is_far = is_relative and values.get("position") == "fixed" and from_end >= _BEYOND_THE_SCREEN
        if is_positioned and (from_end <= _AWAY or is_far):
            return _GONE
        shift -= 0 if is_relative else from_end
    shift += _pixels(values, side) if moves else 0
    if values.get("position") == "fixed" and shift >= _BEYOND_SCREENS:
        return _GONE
    if -_pixels(values, "width" if side == "left" else "height") < shift < 0:
        return _HERE  # a part of the box is seen: one of the pictures that stand side by side in a carousel
    return Offset(shift, _AWAY if is_positioned and _pixels(values, side) < 0 else _AWAY_BY_MARGIN)


def _is_centred(values: Values, side: str, end: str) -> bool:
    """Whether a box that is far wider than the page has its text in the middle: banners wider than a screen."""
    if _pixels(values, side) >= 0 or _pixels(values, side) != _pixels(values, end):
        return False
    if values.get("width" if side == "left" else "height", "auto") in _NOTHING:
        return side == "left" and values.get("text-align", "").endswith("center")
    return values.get(f"margin-{side}") == values.get(f"margin-{end}") == "auto"


def _is_cut_away(values: Values, is_block: bool) -> bool:
    if values.get("position") in ("absolute", "fixed") and shapes.is_clipped_away(values.get("clip", "")):
        return True
    if _is_animated(values):
        return False
    return shapes.is_clipped_away(values.get("clip-path", "")) or (is_block and shapes.is_shrunk(values))


def _is_cut(values: Values, is_block: bool) -> bool:
    """Whether a box without height or width shows nothing of what is in it."""
    if _is_animated(values) or not is_block:
        return False
    is_clipped = any(values.get(f"overflow-{axis}", "visible") not in {"visible"} | GLOBAL for axis in "xy")
    return is_clipped and (
        _is_flat(values, "height", ("top", "bottom")) or _is_flat(values, "width", ("left", "right"))
    )


def _held(values: Values, is_block: bool) -> int:
    """What cuts away positioned elements too: the box of this one is where they are placed (CSS Position section 2)."""
    is_placed = values.get("position", "static") not in {"static"} | GLOBAL
    is_transformed = is_block and _is_transformed(values)
    holds_fixed = is_transformed or values.get("filter", "none") not in _NOTHING
    return (CUT_WITH_PLACED if is_placed else 0) | (BOX if holds_fixed else 0)


def _is_flat(values: Values, size: str, sides: tuple[str, str]) -> bool:
    """Whether a box has at most one pixel in a direction. Padding gives room: a video is placed in it."""
    sizes = [found[0] for name in (size, f"max-{size}") if (found := length(values.get(name, "")))]
    room = sum(_pixels(values, f"padding-{side}") for side in sides) + _pixels(values, f"min-{size}")
    return bool(sizes) and min(sizes) <= 1 and room <= 1


def _is_block(values: Values, tag: str) -> bool:
    """Whether an element has a box of its own: sizes, indents and transforms do not apply to inline ones."""
    is_taken_out = values.get("position") in ("absolute", "fixed") or values.get("float", "none") in ("left", "right")
    display = values.get("display", "revert")
    if display in GLOBAL:
        return is_taken_out or (tag in BLOCKS and display not in ("initial", "unset"))
    return is_taken_out or display not in INLINE


def _is_animated(values: Values) -> bool:
    names = ("transition", "animation", "animation-name", "will-change")
    return any(values.get(name, "none") not in _NOTHING for name in names)


def _is_transformed(values: Values) -> bool:
    return any(values.get(name, "none") not in _NOTHING for name in ("transform", "translate", "scale"))


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
        case "visible" | "initial":
            return False
    return None


def _font(values: Values) -> bool | None:
    value = values.get("font-size", "")
    if (size := length(value)) is None:
        return False if value in FONT_SIZES | {"initial"} else None
    if size[0] < _NO_FONT:
        return True
    return None if size[1] in _RELATIVE else False


def _tiny(values: Values) -> bool | None:
    """For sizes that nobody can read. Unlike none at all, a relative one within may be many times as large."""
    value = values.get("font-size", "")
    if (size := length(value)) is None:
        return False if value in FONT_SIZES | {"initial"} else None
    if size[1] in _RELATIVE:
        return False if size[0] > (_PAGE if size[1] == "%" else _EM) else None
    return size[0] <= _LEAST_FONT


def _indent(values: Values) -> bool | None:
    value = values.get("text-indent", "")
    indent = length(value)
    room = _pixels(values, "padding-left") + max(0, _margin(values, "left"))
    return indent[0] + room <= _AWAY if indent else (False if value == "initial" else None)


def _colors(values: Values, tag: str) -> tuple[bool | None, bool | None]:
    """For COLOR and FILL. A link does not take the colour of the text around it, but its filling."""
    is_painted = any(values.get(name, "none") not in _NOTHING for name in ("text-shadow", "text-stroke"))
    if is_painted or values.get("background-clip") == "text" or _is_animated(values):
        return False, False
    color, fill = values.get("color", "revert"), values.get("text-fill-color", "")
    hides_color: bool | None = shapes.is_transparent(color)
    if color in _INHERITED | {"currentcolor"} or (color == "revert" and tag != "a"):
        hides_color = None
    if fill in _INHERITED | {"revert"}:
        return hides_color, None
    if fill in ("currentcolor", "initial"):
        return hides_color, False
    return (hides_color, True) if shapes.is_transparent(fill) else (False, False)
