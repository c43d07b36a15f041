"""Inline styles: the winning value of each property that can hide text (CSS Syntax section 5, CSS Cascade section 6).

Pure. Declarations that browsers ignore, since they do not know the value, are ignored here too.
"""

import re
from collections.abc import Iterator

from turbohtml.cssom import StyleDeclaration

GLOBAL = frozenset("inherit initial unset revert revert-layer".split())
INLINE = frozenset("inline contents ruby".split())  # values of `display`
FONT_SIZES = frozenset("xx-small x-small small medium large x-large xx-large xxx-large".split())

# Pixels of each unit, for a page of 960 pixels with a font of 16.
_PIXELS = {
    **dict.fromkeys(("", "px"), 1.0),
    **dict.fromkeys(("em", "rem", "lh", "pc"), 16.0),
    **dict.fromkeys(("ex", "ch"), 8.0),
    **dict(zip(("pt", "in", "cm", "mm", "q"), (4 / 3, 96.0, 37.8, 3.78, 0.945), strict=True)),
    **dict.fromkeys("% vw vh vi vb vmin vmax svw svh lvw lvh dvw dvh cqw cqh".split(), 9.6),
}
_LENGTH = re.compile(r"(calc\( ?)?([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?)(%|[a-z]*)(?(1) ?\))")

_SIDES = ("top", "right", "bottom", "left")
_DISPLAYS = INLINE | frozenset(
    "none block inline-block flow flow-root list-item flex inline-flex grid inline-grid table inline-table table-row"
    " table-cell table-caption table-column table-column-group table-row-group table-header-group table-footer-group"
    " run-in math -webkit-box -webkit-inline-box -webkit-flex -webkit-inline-flex".split()
)
_IN_PAIRS = _DISPLAYS - {"none", "contents"}  # “block flow”
_KEYWORDS = {
    "display": _DISPLAYS,
    "visibility": frozenset("visible hidden collapse".split()),
    "content-visibility": frozenset("visible hidden auto".split()),
    "text-align": frozenset("left right center justify start end match-parent -webkit-center".split()),
    "position": frozenset("static relative absolute fixed sticky -webkit-sticky".split()),
    "float": frozenset("left right none inline-start inline-end".split()),
    **dict.fromkeys(("overflow-x", "overflow-y"), frozenset("visible hidden clip scroll auto overlay".split())),
}
# Properties whose values are lengths, with further values.
_SIZE = frozenset("auto none min-content max-content fit-content stretch -webkit-fill-available".split())
_LENGTHS = {
    **dict.fromkeys((*_SIDES, *(f"margin-{side}" for side in _SIDES)), frozenset(("auto",))),
    **dict.fromkeys((f"padding-{side}" for side in _SIDES), frozenset[str]()),
    **dict.fromkeys("width height min-width min-height max-width max-height".split(), _SIZE),
    "text-indent": frozenset[str](),
    "font-size": FONT_SIZES | {"smaller", "larger"},
    "opacity": frozenset[str](),
}
_NOT_NEGATIVE = ("font-size", "padding-", "width", "height", "min-", "max-")
# Properties with values of another form: any value is taken, or one that looks like theirs.
_ANY = frozenset(
    "clip clip-path transform translate filter transition animation animation-name will-change text-shadow text-stroke"
    " background-clip".split()
)
_WITH_FUNCTIONS = frozenset("clip clip-path transform filter".split())
_COLOR = re.compile(r"[a-z]{3,}|#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_OTHER = {
    "scale": re.compile(r"none|[+-]?[\d.]+%?(?: [+-]?[\d.]+%?){0,2}"),
    **dict.fromkeys(("color", "text-fill-color"), _COLOR),
}
_KNOWN = frozenset((*_KEYWORDS, *_LENGTHS, *_ANY, *_OTHER))
_SHORTHANDS = {"margin": "margin-{}", "padding": "padding-{}", "inset": "{}"}
_ALIASES = {
    **{
        f"{name}-{logical}": f"{name}-{side}".removeprefix("inset-")
        for name in ("inset", "margin", "padding")
        for logical, side in zip(("block-start", "inline-end", "block-end", "inline-start"), _SIDES, strict=True)
    },
    **{f"{bound}inline-size": f"{bound}width" for bound in ("", "min-", "max-")},
    **{f"{bound}block-size": f"{bound}height" for bound in ("", "min-", "max-")},
    **{f"-webkit-{name}": name for name in (*_ANY, "text-fill-color")},
}
# What stands between declarations, and what hides that: comments, strings, escapes, brackets.
_SPECIAL = re.compile(
    r"""/\*.*?(?:\*/|\Z) | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? | \\. | [;()\[\]{}]""", re.DOTALL | re.VERBOSE
)
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.DOTALL | re.IGNORECASE)


def declared(style: str) -> dict[str, str]:
    """Returns the winning value of each known property, in lower case, with shorthands expanded. Takes linear time."""
    values: dict[str, str] = {}
    important: set[str] = set()
    for piece in _pieces(style):
        declaration = StyleDeclaration.parse(piece)
        for name in declaration.properties():
            is_important = declaration.important(name)
            value = _ESCAPE.sub(_character, " ".join(declaration[name].split())).lower()
            if name == "all" and value in GLOBAL:
                values |= dict.fromkeys(_KNOWN if is_important else _KNOWN - important, value)
                important |= _KNOWN if is_important else set()
            for longhand, own in _longhands(_ALIASES.get(name, name), value):
                if _is_valid(longhand, own) and (is_important or longhand not in important):
                    values[longhand] = own
                    important |= {longhand} if is_important else set()
    return values


def length(value: str) -> tuple[float, str] | None:
    """Returns a length in pixels and its unit, None for what has to be calculated. Percentages are of 960 pixels."""
    found = _LENGTH.fullmatch(value)
    return (float(found[2]) * _PIXELS[found[3]], found[3]) if found and found[3] in _PIXELS else None


def _pieces(style: str) -> Iterator[str]:
    """The declarations of a style: what lies between semicolons outside comments, strings and brackets."""
    start = depth = 0
    for special in _SPECIAL.finditer(style):
        match special[0]:
            case ";" if not depth:
                yield style[start : special.start()]
                start = special.end()
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth = max(0, depth - 1)
    yield style[start:]


def _character(escape: re.Match[str]) -> str:
    """What an escape stands for in a name. There, no blank ends anything: `none\\9` is not `none`."""
    code = int(escape[1] or "0", 16)
    character = escape[2] or (chr(code) if code < 0x110000 else "")
    return "\ufffd" if not character or character.isspace() else character


def _longhands(name: str, value: str) -> Iterator[tuple[str, str]]:
    parts = value.split()
    if name in _SHORTHANDS and 1 <= len(parts) <= 4 and "(" not in value:
        of_side = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(parts)]
        yield from ((_SHORTHANDS[name].format(side), parts[i]) for side, i in zip(_SIDES, of_side, strict=True))
    elif name == "overflow" and 1 <= len(parts) <= 2:
        yield from (("overflow-x", parts[0]), ("overflow-y", parts[-1]))
    elif name == "font":
        sizes = (part.partition("/")[0] for part in parts[:-1])  # the family comes last; a number is a weight
        yield from (("font-size", size) for size in sizes if size == "0" or not size.isdecimal())
    elif name == "background":
        yield "background-clip", "text" if "text" in parts else "initial"
    else:
        yield name, value


def _is_valid(name: str, value: str) -> bool:
    if name in _ANY:
        return name not in _WITH_FUNCTIONS or value in GLOBAL | {"none", "auto"} or "(" in value or "-box" in value
    if name in _KEYWORDS:
        is_pair = name == "display" and all(part in _IN_PAIRS for part in value.split())
        return value in GLOBAL | _KEYWORDS[name] or "var(" in value or is_pair
    if name in _OTHER:
        return value in GLOBAL or "(" in value or _OTHER[name].fullmatch(value) is not None
    if name not in _LENGTHS:
        return False
    if value in GLOBAL | _LENGTHS[name] or "(" in value:
        return True
    found = length(value)
    return found is not None and (found[0] >= 0 or not name.startswith(_NOT_NEGATIVE))
