"""Values of CSS that leave nothing to see, or move it: shapes, transforms, filters and colours. Pure, in linear time.

CSS Shapes section 3, CSS Transforms sections 5 and 11, Filter Effects section 6, CSS Color section 4.
"""

import re
from collections.abc import Iterator, Mapping

from feedserver.thoughts.source.styles import length

_PAGE = 960.0  # pixels of 100 %
_FUNCTION = re.compile(r"([a-z][a-z0-9]*)\(([^()]*)\)")
_BETWEEN = re.compile(r"[\s,/]+")
_NUMBERS = re.compile(r"-?\d*\.?\d+")
_CLEAR_HEX = re.compile(r"#[0-9a-f]{3}0|#[0-9a-f]{6}00")
_COLORS = frozenset("rgb rgba hsl hsla hwb lab lch oklab oklch".split())
_AXES = {"left": "x", "top": "y"}


def is_clipped_away(value: str) -> bool:
    """Whether `clip` or `clip-path` leaves at most one pixel."""
    if not (function := _FUNCTION.match(value)):
        return False
    name, arguments = function.groups()
    parts = _BETWEEN.split(re.split(r"\b(?:at|round)\b", arguments, maxsplit=1)[0].strip())
    match name, len(parts):
        case "inset", 1 | 2 | 3 | 4:
            top, right, bottom, left = ((parts * 4)[:4] if len(parts) < 3 else (*parts, parts[1]))[:4]
            return max(_pixels(top) + _pixels(bottom), _pixels(left) + _pixels(right)) >= _PAGE
        case "rect", 4:
            top, left = max(0, _pixels(parts[0])), max(0, _pixels(parts[3]))
            return _pixels(parts[1], _PAGE) - left <= 1 or _pixels(parts[2], _PAGE) - top <= 1
        case "circle" | "ellipse", _:
            return any(map(_is_zero, parts))
        case "xywh", 4:
            return any(map(_is_zero, parts[2:]))
        case "polygon", _:
            numbers = _NUMBERS.findall(arguments)
            return bool(numbers) and not any(map(float, numbers))
    return False


def is_shrunk(values: Mapping[str, str]) -> bool:
    """Whether `scale` or `transform` makes nothing of a box."""
    transforms = _functions(values.get("transform", ""))
    scales = [parts for name, parts in transforms if name in ("scale", "scalex", "scaley", "scalez", "scale3d")]
    return any(_is_zero(part) for parts in (values.get("scale", "").split(), *scales) for part in parts)


def translated(values: Mapping[str, str], side: str) -> float:
    """Pixels by which `translate` and `transform` move a box from its side: "left" or "top". Percentages are none."""
    axis = _AXES[side]
    moves = [values.get("translate", "").split()]
    for name, parts in _functions(values.get("transform", "")):
        if name in ("translate", "translate3d"):
            moves.append(parts)
        elif name == f"translate{axis}":
            moves.append(parts[:1] * 2)
    index = "xy".index(axis)
    return sum(_pixels(move[index]) for move in moves if len(move) > index and not move[index].endswith("%"))


def is_filtered_away(value: str) -> bool:
    """Whether `filter` makes a box transparent."""
    return any(name == "opacity" and _is_zero(parts[0]) for name, parts in _functions(value))


def is_transparent(color: str) -> bool:
    """Whether nothing is seen of a colour."""
    functions = [(name, parts) for name, parts in _functions(color) if name in _COLORS]
    is_clear = any(len(parts) == 4 and _is_zero(parts[3]) for _, parts in functions)
    return color == "transparent" or is_clear or _CLEAR_HEX.fullmatch(color) is not None


def _functions(value: str) -> Iterator[tuple[str, list[str]]]:
    return ((found[1], _BETWEEN.split(found[2].strip())) for found in _FUNCTION.finditer(value))


def _pixels(part: str, default: float = 0) -> float:
    found = length(part)
    return found[0] if found else default


def _is_zero(part: str) -> bool:
    found = length(part)
    return found is not None and found[0] == 0
