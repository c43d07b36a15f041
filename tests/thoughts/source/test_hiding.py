"""What hides a link from readers: each case was compared with Chromium, fade-ins apart."""

import re
import time
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.thoughts.source.hiding import hiding
from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.styles import declared

A = "<a href=http://me.example/x>the link</a>"
PICTURE = "<a href=http://me.example/x{}>words<img src=roof.jpg></a>"

HIDING = """
display:none | display : NONE | ;display:none | display:none;; | display:/**/none | dis\\play:none | display:n\\6fne
display:block;display:none | display:none;display:blok | display:none;display:"block" | display:none;display
display:none;display:block none | display:none!important;display:block | display:none ! important;display:block
x:(;display:block);display:none | x:{};display:none | color:red}display:x;display:none | display:none /* x
display:none;display:unset none | a;display:none | --x:display:block;display:none | *display:block;display:none
visibility:hidden | visibility:collapse | visibility:visible;visibility:hidden
opacity:0 | opacity:0.0 | opacity:.0 | opacity:0% | opacity:-1 | opacity:0;transition:none | opacity:0;transform:none
font-size:0 | font-size:0px | font-size:0.0em | font-size:0% | font:0/0 a | font:0 serif | font:bold 0px/1 serif
position:absolute;left:-9999px | position:fixed;left:-999em | position:relative;left:-9999px | margin-left:-9999px
position:absolute;top:-9999px | position:absolute;left:-100%;width:100% | position:absolute;inset:0 0 0 -9999px
position:absolute;left:calc(-9999px) | position:absolute;right:-9999px | margin-top:-9999px
margin:-9999px 0 0 | margin:0 0 0 -9999px
text-indent:-9999px | text-indent:-5000em | text-indent:-500px
position:absolute;left:-500px | position:absolute;top:-600px | position:fixed;top:-100%
height:0;overflow:hidden | width:0;overflow:hidden | width:1px;height:1px;overflow:hidden | max-height:0;overflow:hidden
height:0;overflow-y:hidden | height:0;overflow:scroll | height:1px;overflow:clip
position:absolute;clip:rect(0,0,0,0) | position:absolute;clip:rect(0 0 0 0) | position:fixed;clip:rect(1px,1px,1px,1px)
clip-path:inset(50%) | clip-path:inset(100%) | clip-path:circle(0) | clip-path:polygon(0 0, 0 0, 0 0)
transform:translateX(-9999px) | transform:translate(-9999px, 0) | transform:scale(0) | content-visibility:hidden
transform:translate(0,-9999px) | transform:translate3d(0,-9999px,0) | transform:rotate(9deg) translate(-999em)
translate:-9999px | translate:0 -9999px | scale:0 | scale:0% | scale:1 0 | scale:0;scale:foo
transform:scale(1,0) | transform:scaleY(0) | transform:scale3d(1,0,1) | transform:rotate(9deg) scale(0)
transform:scale(0);transform:foo
position:absolute;right:9999px | position:fixed;bottom:9999px | position:relative;right:9999px
position:absolute;inset-inline-end:9999px | position:fixed;left:9999px | position:fixed;top:9999px
position:absolute;left:-9999px;right:-9999px;margin:auto | position:absolute;inset:-9999px;margin:auto;text-align:center
position:absolute;left:-9999px;right:-9999px;width:9em;text-align:center
position:absolute;left:-9999px;right:-5px;text-align:center
filter:opacity(0) | filter:blur(0) opacity(0%) | -webkit-filter:opacity(0)
clip-path:inset(0 0 100% 0) | clip-path:inset(100% 0 0) | clip-path:inset(0 50%) | clip-path:inset(0 60% 0 50%)
clip-path:inset(100% round 5px) | clip-path:inset(9999px) | clip-path:circle(0 at 50% 50%) | clip-path:ellipse(0 50%)
clip-path:rect(0 100% 0 0) | clip-path:xywh(0 0 100% 0) | clip-path:inset(100%);clip-path:foo
position:absolute;clip:rect(auto,0,auto,auto) | position:absolute;clip:rect(auto auto auto 999px)
position:absolute;clip:rect(-9px 0em 0px -5px) | position:absolute;clip:rect(0px, 0px, 99px, 0px)
all:initial;display:none | display:none!important;all:initial | display:none;all:foo | block-size:0;overflow:hidden
-webkit-text-fill-color:transparent | -webkit-text-fill-color:#0000 | font-size:0.1px | font-size:1px | font:1px/1 serif
position:fixed;right:300% | position:fixed;bottom:300% | position:fixed;right:200%
transform:translateX(-2000px);width:2000px | margin-left:-9999px;width:300px
"""
HONEST = r"""
position:absolute;left:50%;width:960px;margin-left:-480px | margin-top:-120px | padding-top:100px;margin-top:-100px
position:absolute;left:-100px | position:absolute;left:-10px | margin-left:-100px | float:left;margin-left:-100%
margin-left:-960px;width:1920px | position:absolute;left:-50%;width:200% | position:relative;left:-50%
position:absolute;left:50%;margin-left:-1280px;width:2560px
margin:0 -9999px;padding:0 9999px | margin-bottom:-9999px;padding-bottom:9999px | left:-9999px
position:static;left:-9999px | position:absolute;left:calc(100% - 9999px)
text-indent:-20px | text-indent:-9999px;text-indent:0
/* display:none */ | background:url(/display:none.png) | content:';display:none' | x:(;display:none) | x:{display:none}
display:none;display:block | display:none;display:block!important | display:none;display:initial | --x:display:none
display:none;display:inline flow-root | display:var(--x) | display none | display:"none" | display:none none
-display:none | x;display:block;/*;display:none | display:block none | 'display:none | xdisplay:none
visibility:hidden;visibility:visible | opacity:0;opacity:1 | opacity:0.01 | opacity:1 | opacity:calc(1)
opacity:0;transform:translateY(20px) | opacity:0;transition:opacity 1s | opacity:0;animation:fade 1s
opacity:0;-webkit-transform:translateY(20px) | visibility:hidden;animation-name:fade
font-size:0.8em | font-size:-1px | font:0 | font:400 12px serif | font-size:0;font:12px serif
font-size:0;font-size:2px | font-size:.1em
transform:translate3d(-2000px,0,0);width:8000px | position:relative;left:-2000px;width:300%
position:absolute;top:-2000px;height:8000px | text-indent:-9999px;padding-left:9999px
position:fixed;right:100% | position:absolute;right:300% | position:fixed;right:300%;left:0
height:0 | height:0;overflow:visible | height:0;overflow:hidden;padding-bottom:56.25% | width:0 | overflow:hidden
height:0;min-height:100px;overflow:hidden | height:0;height:auto;overflow:hidden | height:100px;overflow:hidden
max-height:0;overflow:hidden;transition:max-height 1s
clip:rect(0,0,0,0) | position:absolute;clip:rect(0,999px,999px,0) | position:absolute;clip:auto | clip-path:circle(90%)
transform:scale(1) | transform:scale(0.5) | transform:translateY(20px) | content-visibility:auto | line-height:0
transform:translate(-9999px) translate(9999px) | position:absolute;left:-9999px;transform:translateX(9999px)
transform:translateZ(-9999px) | translate:-10px | translate:none | scale:.5 | scale:none
position:absolute;left:-9999px;right:-9999px;margin:auto;text-align:center
position:absolute;left:-9999px;right:-9999px;margin:auto;width:300px
position:absolute;inset:-9999px;margin:auto;width:200px;height:50px
position:absolute;left:0;right:9999px | position:absolute;top:0;bottom:9999px | right:9999px | margin-right:9999px
position:absolute;left:0;right:-9999px
filter:opacity(.5) | filter:opacity() | filter:opacity(-1) | filter:opacity(0);filter:none
filter:opacity(0);transition:filter 1s | opacity:0;translate:0 20px
clip-path:inset(10%) | clip-path:inset(-9px) | clip-path:none | clip-path:polygon(0 0,100% 0,100% 100%,0 100%)
clip-path:inset(0 0 100% 0);transition:clip-path 1s
position:absolute;clip:rect(auto,auto,auto,auto) | position:relative;clip:rect(0 0 0 0)
display:none\9 | opacity:0\9 | display:none;all:initial | display:none;all:unset | display:none;all:revert
color:transparent
-webkit-text-fill-color:transparent;background:linear-gradient(red,blue);-webkit-background-clip:text
color:red;z-index:-1 | x:(;display:none;) | x:{;display:none;} | x:[(];display:none;) | content:';display:none;'
"""
NOT_OF_INLINE_ELEMENTS = """
text-indent:-9999px | height:0;overflow:hidden | width:1px;height:1px;overflow:hidden | margin-top:-9999px
transform:translateX(-9999px) | transform:scale(0) | content-visibility:hidden
"""
UNDONE = {
    "visible within hidden": ("visibility:hidden", "visibility:visible"),
    "pixels within 0": ("font-size:0", "font-size:16px"),
    "rem within 0": ("font-size:0", "font-size:1rem"),
    "a word within 0": ("font-size:0", "font-size:medium"),
    "a shorthand within 0": ("font-size:0", "font:16px serif"),
    "no indent within one": ("text-indent:-9999px", "text-indent:0"),
    "the initial indent within one": ("text-indent:-9999px", "text-indent:initial"),
    "all within hidden": ("visibility:hidden", "all:initial"),
    "all within 0": ("font-size:0", "all:initial"),
    "filling within none": ("-webkit-text-fill-color:transparent", "-webkit-text-fill-color:red"),
    "the filling of a link": ("-webkit-text-fill-color:transparent", "-webkit-text-fill-color:currentcolor"),
    "many times one pixel": ("font-size:1px", "font-size:16em"),
    "pixels within one": ("font-size:1px", "font-size:12px"),
    "left and right": ("position:absolute;left:-9999px", "position:absolute;left:9999px"),
    "up and down": ("position:absolute;top:-9999px", "position:relative;top:9999px"),
    "translated there and back": ("transform:translateX(-9999px)", "translate:9999px"),
    "left and a margin": ("position:absolute;left:-9999px", "margin-left:9999px"),
    "margins": ("margin-left:-9999px", "margin-left:9800px"),
    "fixed within a flat box": ("height:0;overflow:hidden", "position:fixed;top:0"),
    "absolute within a flat box": ("height:0;overflow:hidden", "position:absolute"),
    "fixed within a flat box with a position": ("height:0;overflow:hidden;position:relative", "position:fixed"),
}
NOT_UNDONE = {
    "inherited visibility": ("visibility:hidden", "visibility:inherit"),
    "em within 0": ("font-size:0", "font-size:2em"),
    "percent within 0": ("font-size:0", "font-size:200%"),
    "larger within 0": ("font-size:0", "font-size:larger"),
    "opacity within 0": ("opacity:0", "opacity:1"),
    "block within none": ("display:none", "display:block"),
    "indent of an inline element": ("text-indent:-9999px", "display:inline;text-indent:0"),
    "color": ("text-indent:-9999px", "color:red"),
    "unset within hidden": ("visibility:hidden", "all:unset"),
    "visibility of the browser": ("visibility:hidden", "visibility:revert"),
    "font size of the browser": ("font-size:0", "font-size:revert"),
    "color within no filling": ("-webkit-text-fill-color:transparent", "color:red"),
    "percent within one pixel": ("font-size:1px", "font-size:100%"),
    "a little to the right": ("position:absolute;left:-9999px", "position:relative;left:200px"),
    "another direction": ("position:absolute;left:-9999px", "position:relative;top:9999px"),
    "nothing brings it back": ("position:fixed;right:300%", "position:relative;left:9999px"),
    "relative within a flat box": ("height:0;overflow:hidden", "position:relative"),
    "a float within a flat box": ("height:0;overflow:hidden", "float:left"),
    "absolute within a flat box with a position": ("height:0;overflow:hidden;position:relative", "position:absolute"),
    "fixed within a flat box with a transform": ("height:0;overflow:hidden;transform:scale(1)", "position:fixed"),
}


def cases(table: str) -> list[str]:
    return re.split(r" \| |\n", table.strip())


def is_hidden(page: str) -> bool:
    (link,) = [link for link in read(page, "http://blog.example/").links if link.url == "http://me.example/x"]
    return link.hidden


@pytest.mark.parametrize("style", cases(HIDING))
def test_what_a_browser_hides_is_hidden(style: str) -> None:
    assert is_hidden(f'<div style="{escape(style)}"><p>words {A} words</p></div>')


@pytest.mark.parametrize("style", cases(HONEST))
def test_what_a_browser_shows_or_fades_in_is_not_hidden(style: str) -> None:
    assert not is_hidden(f'<div style="{escape(style)}"><p>words {A} words</p></div>')


@pytest.mark.parametrize("style", cases(NOT_OF_INLINE_ELEMENTS))
def test_what_does_not_apply_to_inline_elements_hides_none(style: str) -> None:
    assert not is_hidden(f"<span style='{style}'>words {A}</span>")
    assert is_hidden(f"<span style='display:inline-block;{style}'>words {A}</span>")


@pytest.mark.parametrize(("outer", "inner"), UNDONE.values(), ids=UNDONE)
def test_what_is_shown_again_within_is_not_hidden(outer: str, inner: str) -> None:
    assert not is_hidden(f"<div style='{outer}'><div style='{inner}'><p>{A}</p></div></div>")
    assert is_hidden(f"<div style='{outer}'><div style='{inner}'></div><p>{A}</p></div>")


@pytest.mark.parametrize(("outer", "inner"), NOT_UNDONE.values(), ids=NOT_UNDONE)
def test_what_is_not_shown_again_within_stays_hidden(outer: str, inner: str) -> None:
    assert is_hidden(f"<div style='{outer}'><div style='{inner}'><p>{A}</p></div></div>")


@pytest.mark.parametrize(
    ("between", "inner", "hidden"),
    [
        ("position:relative", "position:absolute", True),
        ("position:relative", "position:fixed", False),
        ("transform:scale(1)", "position:fixed", True),
        ("color:red", "position:absolute", False),
    ],
)
def test_what_is_placed_in_a_box_is_cut_with_it(between: str, inner: str, hidden: bool) -> None:
    flat = "height:0;overflow:hidden"

    page = f"<div style='{flat}'><div style='{between}'><div style='{inner}'>{A}</div></div></div>"

    assert is_hidden(page) == hidden


@pytest.mark.parametrize(
    ("around", "style", "hidden"),
    [
        ("color:transparent", "", False),
        ("color:transparent", "color:inherit", True),
        ("color:transparent", "color:currentcolor", True),
        ("color:transparent", "color:revert", False),
        ("", "color:transparent", True),
        ("", "color:rgba(0,0,0,0)", True),
        ("", "color:rgb(0 0 0 / 0%)", True),
        ("", "color:#0000", True),
        ("", "color:#12345600", True),
        ("", "color:#000", False),
        ("", "color:rgb(0,0,0)", False),
        ("", "color:transparent;text-shadow:0 0 3px #000", False),
        ("", "color:transparent;-webkit-text-stroke:1px red", False),
        ("", "color:transparent;background:linear-gradient(red,blue);background-clip:text", False),
        ("", "color:transparent;background:linear-gradient(red,blue) text", False),
        ("", "color:transparent;-webkit-text-fill-color:red", False),
        ("", "color:transparent;transition:color 1s", False),
        ("-webkit-text-fill-color:transparent", "", True),
    ],
)
def test_a_link_is_hidden_by_its_own_color(around: str, style: str, hidden: bool) -> None:
    page = f"<div style='{around}'><a href=http://me.example/x style='{style}'>the link</a></div>"

    assert is_hidden(page) == hidden


@pytest.mark.parametrize(
    ("page", "hidden"),
    [
        (f"<div hidden>{A}</div>", True),
        (f"<div hidden=false>{A}</div>", True),
        (f"<div hidden style='color:red'>{A}</div>", True),
        (f"<div hidden style='display:bad'>{A}</div>", True),
        (f"<div hidden style='display:block'>{A}</div>", False),
        (f"<div hidden=until-found>{A}</div>", True),
        (f"<div hidden=until-found style='display:block'>{A}</div>", True),
        (f"<div hidden=until-found style='content-visibility:visible'>{A}</div>", False),
        (f"<div popover>{A}</div>", True),
        (f"<div popover=manual style='color:red'>{A}</div>", True),
        (f"<div popover style='display:block'>{A}</div>", False),
        (f"<dialog popover open>{A}</dialog>", False),
        (f"<div hidden style='all:initial'>{A}</div>", False),
        (f"<dialog>{A}</dialog>", True),
        (f"<dialog><p style='position:fixed;top:0'>{A}</dialog>", True),
        (f"<dialog style='display:revert'>{A}</dialog>", True),
        (f"<dialog open>{A}</dialog>", False),
        (f"<dialog style='display:block'>{A}</dialog>", False),
        (f"<datalist><option>{A}</datalist>", True),
        (f"<datalist style='display:block'>{A}</datalist>", False),
        (f"<div aria-hidden=true>{A}</div>", False),
        (f"<details><summary>more</summary>{A}</details>", False),
        (f"<noscript>{A}</noscript>", False),
    ],
)
def test_an_attribute_hides_unless_the_style_shows(page: str, hidden: bool) -> None:
    assert is_hidden(page) == hidden


@pytest.mark.parametrize(
    ("page", "hidden"),
    [
        (PICTURE.format(" style=font-size:0"), False),
        (f"<div style=font-size:0>{PICTURE.format('')}</div>", False),
        (f"<div style=visibility:hidden>{PICTURE.format('')}</div>", True),
        ("<a href=http://me.example/x style=visibility:hidden><i style=visibility:visible>x</i></a>", False),
        ("<a href=http://me.example/x style=font-size:0><i style=font-size:9px>x</i></a>", False),
        ("<a href=http://me.example/x style=font-size:0><i style=font-size:9px> </i></a>x", True),
        ("<a href=http://me.example/x style=font-size:0>x</a><i style=font-size:9px>x</i>", True),
        ("<div style=font-size:0><a href=http://me.example/x>x</a><img src=roof.jpg></div>", True),
        ("<div style=font-size:0><img src=http://me.example/x></div>", False),
        ("<div style=font-size:0><q cite=http://me.example/x>x</q></div>", True),
    ],
)
def test_a_link_is_seen_by_what_is_seen_in_it(page: str, hidden: bool) -> None:
    assert is_hidden(page) == hidden


def test_offsets_of_nested_boxes_add_up() -> None:
    back = "<div style='position:absolute;left:9999px'><div style='position:absolute;left:-9999px'>"
    carousel = "<div style='transform:translateX(-2000px);width:8000px'><div style='margin-left:-30px;float:left'>"

    assert not is_hidden(f"{back}{A}</div></div>")
    assert not is_hidden(f"{carousel}{A}</div></div>")
    assert is_hidden(f"{back}<p style='position:relative;left:-9999px'>{A}</p></div></div>")
    assert not is_hidden("<div style='margin-left:-100px'>" * 30 + A)  # columns of a layout


@pytest.mark.parametrize(
    ("link", "hidden"),
    [
        ("<a href={}></a>", True),
        ("<a href={}> \n </a>", True),
        ("<a href={}>&nbsp;</a>", True),
        ("<a href={}>\u200b\u3164</a>", True),
        ("<a href={}><b></b><br></a>", True),
        ("<a href={}><i style=display:none>words</i></a>", True),
        ("<a href={}><script>words</script></a>", True),
        ("<a href={}><img src=x width=1 height=1></a>", True),
        ("<a href={}><img src=x width=0></a>", True),
        ("<a href={}></a><a href=/y>words</a>", True),
        ("<a href={}>.</a>", False),
        ("<a href={}><img src=x></a>", False),
        ("<a href={}><img src=x width=16 height=16></a>", False),
        ("<a href={}><svg width=9><circle r=5 /></svg></a>", False),
        ("<a href={}><canvas></canvas></a>", False),
        ("<a href={}><i class=icon></i></a>", False),
        ("<a href={} class=icon></a>", False),
        ("<a href={} style='background:url(x.png)'></a>", False),
        ("<a href={}><my-icon></my-icon></a>", False),
        ("<p><a href={}><div>words</div></a>", False),
        ("<p><a href={}></p><p>words</a>", False),
        ("<a href={}>", False),
        ("<svg><a href={}><circle r=5 /></a></svg>", False),
    ],
)
def test_a_link_with_nothing_to_see_in_it_is_hidden(link: str, hidden: bool) -> None:
    assert is_hidden(f"<p>words {link.format('http://me.example/x')} words") == hidden


HOSTILE = [
    "margin:1;",
    "margin:1 1 1 1;",
    ";",
    "(",
    "/*",
    "'",
    "\\",
    "\\a ",
    "{",
    "font:1 1 1 1;",
    "display:none;",
    "all:unset;",
    "transform:scale(",
    "filter:opacity(1) ",
    "scale:1 1 ",
    "0 0,",
    "a:(;",
    "x",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_style_takes_linear_time(pattern: str) -> None:
    begun = time.process_time()

    declared(pattern * (100_000 // len(pattern)))
    for beginning in ("clip-path:polygon(", "clip-path:inset(", "transform:", "filter:", "color:a(", "scale:"):
        hiding("p", None, beginning + pattern * (10_000 // len(pattern)) + ")")

    assert time.process_time() - begun < 1


def test_different_styles_are_read_up_to_a_bound() -> None:
    page = "".join(f"<b style='margin:{n}px 1px 1px;margin:{n}px'></b>" for n in range(25_000))
    begun = time.process_time()

    assert not is_hidden(page + f"<p style=display:none>{A}")
    assert is_hidden(page[:50_000] + f"<p style=display:none>{A}")
    assert time.process_time() - begun < 2


@given(st.text(alphabet="abdisplay:none;(){}[]'\"\\/*!0 1px-\n,%"))
def test_any_style_is_read(style: str) -> None:
    hiding("p", None, style)
