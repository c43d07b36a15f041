"""A picture of the figures that have targets: how far each goes, with the target as a line. SVG without a library."""

from collections.abc import Sequence
from html import escape

from bench.figures import Figure, by_group

_NAMES = 400  # pixels for what a bar is called
_BAR = 130  # pixels from nothing to the target
_MOST = 3.0  # times the target: a longer bar is cut
_ROW, _GAP, _TOP = 20, 16, 56
_WIDTH = _NAMES + round(_BAR * _MOST) + 190
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #222 } .head { font-weight: 600 } .note { fill: #666 }
.reached { fill: #2f7d5b } .not { fill: #b4552d } .target { stroke: #222; stroke-dasharray: 3 3 } .paper { fill: #fff }
"""


def drawn(figures: Sequence[Figure]) -> str:
    """The picture as an SVG document."""
    groups = by_group([figure for figure in figures if figure.share is not None])
    rows, y = [], _TOP
    for group, members in groups.items():
        rows.append(_text(12, y + 14, group, "head"))
        y += _ROW
        for figure in members:
            rows.append(_row(figure, y))
            y += _ROW
        y += _GAP
    line = _NAMES + _BAR
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img">',
            f"<title>How far each figure goes, with its target as a line</title><style>{_STYLE}</style>",
            f'<rect class="paper" width="{_WIDTH}" height="{y}"/>',
            _text(12, 22, "feedserver, measured: longer is better; the line is the target", "head"),
            _text(line - 18, 44, "target", "note"),
            f'<line class="target" x1="{line}" x2="{line}" y1="{_TOP - 6}" y2="{y - _GAP}"/>',
            *rows,
            "</svg>\n",
        ]
    )


def _row(figure: Figure, y: int) -> str:
    assert figure.share is not None
    width = round(_BAR * min(figure.share, _MOST))
    kind = "reached" if figure.reached else "not"
    bar = f'<rect class="{kind}" x="{_NAMES}" y="{y + 3}" width="{width}" height="{_ROW - 6}" rx="2"/>'
    said = _text(_NAMES + round(_BAR * _MOST) + 10, y + 14, f"{figure.said} ({figure.target})", "note")
    return _text(24, y + 14, figure.name) + bar + said


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{named}>{escape(words)}</text>'
