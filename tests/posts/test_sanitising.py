"""HTML for feeds: absolute URLs, no active content."""

import re

import pytest
import turbohtml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedserver.errors import InvalidDocument
from feedserver.posts.addresses import absolute_html
from feedserver.posts.sanitising import for_feeds
from feedserver.text import clean
from tests.posts.builders import rendered

PERMALINK = "http://blog.example/posts/hello"


def feed_html(html: str) -> str:
    """HTML as it stands in a feed."""
    return absolute_html(for_feeds(html), PERMALINK)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="x">a</a>', '<a href="http://blog.example/posts/x">a</a>'),
        ('<a href="/x?a&amp;b">a</a>', '<a href="http://blog.example/x?a&amp;b">a</a>'),
        ('<a href="#part">a</a>', '<a href="http://blog.example/posts/hello#part">a</a>'),
        ('<a href="">a</a>', '<a href="http://blog.example/posts/hello">a</a>'),
        ('<a href="../x">a</a>', '<a href="http://blog.example/x">a</a>'),
        ('<a href="//cdn.example/x">a</a>', '<a href="http://cdn.example/x">a</a>'),
        ('<a href=" https://h.example/ ">a</a>', '<a href="https://h.example/">a</a>'),
        ('<a href="mailto:ann@h.example">a</a>', '<a href="mailto:ann@h.example">a</a>'),
        ('<img src="c.png" alt="C">', '<img src="http://blog.example/posts/c.png" alt="C">'),
        ('<video poster="p.png" src="v.mp4"></video>', 'poster="http://blog.example/posts/p.png"'),
        ('<video><source src="v.mp4"></video>', '<source src="http://blog.example/posts/v.mp4">'),
        ('<audio><track src="t.vtt"></audio>', '<track src="http://blog.example/posts/t.vtt">'),
        ('<blockquote cite="/q">a</blockquote>', '<blockquote cite="http://blog.example/q">'),
        ('<q cite="q">a</q> <del cite="d">b</del>', 'cite="http://blog.example/posts/d"'),
        ('<a href="/ü?ß">a</a>', '<a href="http://blog.example/%C3%BC?%C3%9F">a</a>'),
        ('<img src="ü.png" srcset="ü.png 2x">', 'srcset="http://blog.example/posts/%C3%BC.png 2x"'),
        ('<!-- <iframe src="x"> --><p title="<iframe src=y>"><a href="x">a</a>', "http://blog.example/posts/x"),
    ],
)
def test_every_address_is_absolute(html: str, expected: str) -> None:
    assert expected in feed_html(html)


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.png", "http://blog.example/posts/a.png"),
        ("a.png 1x, b.png 2x", "http://blog.example/posts/a.png 1x, http://blog.example/posts/b.png 2x"),
        ("a.png 1x,b.png 2x", "http://blog.example/posts/a.png 1x, http://blog.example/posts/b.png 2x"),
        ("a.png, /b.png 200w", "http://blog.example/posts/a.png, http://blog.example/b.png 200w"),
        (" ,a.png\n 1x , ", "http://blog.example/posts/a.png 1x"),
        ("//h/i,w_2,h_3/a.png 2x", "http://h/i,w_2,h_3/a.png 2x"),
        ("data:image/png;base64,xx 1x, b.png 2x", "http://blog.example/posts/b.png 2x"),
        ("javascript:alert(1) 1x", None),
        ("http://[ 1x", None),
        ("a ü.png 1x, /b.png 2.5x , //h/c.png 200w 100h ", "http://blog.example/b.png 2.5x, http://h/c.png 200w 100h"),
        ("", None),
    ],
)
def test_every_candidate_of_a_srcset_is_absolute(srcset: str, expected: str | None) -> None:
    found = feed_html(f'<source srcset="{srcset}">')

    assert found == (f'<source srcset="{expected}">' if expected else "<source>")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<style>p { color: red }</style>a", "a"),
        ("<SCRIPT SRC=//evil></SCRIPT>a", "a"),
        ("<svg><script>alert(1)</script></svg>a", "a"),
        ('<p style="color:red" class="x" onclick="x()">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href=" java\nscript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="&#106;avascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="vbscript:x">a</a>', "<a>a</a>"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<img src="data:image/png;base64,xx" alt="A">', '<img alt="A">'),
        ('<video poster="javascript:x">a</video>', "<video>a</video>"),
        ('<blockquote cite="javascript:alert(1)">a</blockquote>', "<blockquote>a</blockquote>"),
        ('<q cite="data:text/html,x">a</q>', "<q>a</q>"),
        ('<a href="http://[">a</a>', "<a>a</a>"),
        ('<form action="/x"><input name="y"><button>a</button></form>', "a"),
        ('<object data="x"><embed src="y">a</object>', "a"),
        ("<title>y</title><template>z</template>a", "a"),
        ("<noembed>x</noembed><noframes>y</noframes>a", "a"),
        ("a<plaintext><b>", "a<pre>&lt;b&gt;</pre>"),
        ("<!-- x -->a<?php y ?>", "a"),
        ('<base href="http://evil.example/"><a href="x">a</a>', '<a href="http://blog.example/posts/x">a</a>'),
    ],
)
def test_active_and_invisible_content_is_removed(html: str, expected: str) -> None:
    assert feed_html(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<iframe src="https://v.example/1?a&amp;b" title="A <film>"></iframe>',
            '<p><a href="https://v.example/1?a&amp;b">A &lt;film&gt;</a></p>',
        ),
        ('<iframe src="/own"></iframe>', '<p><a href="http://blog.example/own">/own</a></p>'),
        ('<iframe src="//v.example/"></iframe>', '<p><a href="http://v.example/">//v.example/</a></p>'),
        (
            '<iframe src="//v.example/">No <b>frames</b></iframe>z',
            '<p><a href="http://v.example/">//v.example/</a></p>z',
        ),
        ('<iframe src="javascript:alert(1)"></iframe>', ""),
        ('<iframe src="data:text/html,x"></iframe>', ""),
        ('<iframe srcdoc="<script>x</script>"></iframe>', ""),
    ],
    ids=["title", "own", "without scheme", "fallback", "javascript", "data", "srcdoc"],
)
def test_an_iframe_becomes_a_link(html: str, expected: str) -> None:
    assert feed_html(html) == expected


def test_ordinary_prose_stays_as_it_is() -> None:
    html = (
        '<h2 id="h">H</h2><p lang="de">a <em>b</em> <code>c</code></p><ul><li>d</li></ul>'
        "<table><thead><tr><th>e</th></tr></thead></table><figure><figcaption>f</figcaption></figure><pre>g\n</pre>"
        "<details><summary>h</summary>i</details><ruby>j<rt>k</rt></ruby>"
    )

    assert feed_html(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2><button><h1>a", "<h2></h2><h1>a</h1>"),
        ("<p><applet><dl>a", "<p></p><dl>a</dl><p></p>"),
    ],
)
def test_elements_that_sanitising_exposes_are_sanitised_too(html: str, expected: str) -> None:
    assert feed_html(html) == expected


def test_footnotes_lead_to_the_post() -> None:
    found = absolute_html(rendered("a[^1]\n\n[^1]: b").feed_html, PERMALINK)

    assert f'<a href="{PERMALINK}#fn1"' in found
    assert f'<a href="{PERMALINK}#fnref1"' in found


_MARKUP = """<b>¦</b>¦<i id=1>¦</i>¦<p>¦</p>¦<div>¦</div>¦<table>¦</table>¦<tr>¦<td>¦<caption>¦<h1>¦</h1>¦<h2>
<a href=x>¦<a href='//h/y'>¦</a>¦<a href='javascript:x'>¦<svg>¦</svg>¦<math>¦<mi>¦<foreignObject>
<style>¦</style>¦<script>¦</script>¦<iframe src=//e>¦</iframe>¦<iframe src='javascript:x'>
<img src=x srcset='a,b 2x'>¦<title>¦<img src='data:x'>¦<blockquote cite='javascript:x'>¦<!--¦-->
<![CDATA[¦]]>¦<?x¦&#0;¦&#x1f;¦&#xfffe;¦&#128;¦&amp;lt;¦<¦&¦"¦'¦text¦<noembed>¦<plaintext>¦<xmp>
</xmp>¦<textarea>¦</textarea>¦<template>¦<select>¦<option>¦<form action=x>¦<input>¦<object data=x>
<embed src=x>¦<video poster=p src=v>¦<source srcset='a, b 2x'>¦<li>¦<ul>¦</ul>¦<dd>¦<dl>¦<ruby>¦<rt>
<col>¦<body onload=x>¦<html>¦<head>¦<frameset>¦<base href=//e>¦<link rel=pingback href=x>¦<meta>
<font color=red>¦<nobr>¦<pre>¦<details>¦<summary>¦<p onclick=x style='a:b'>¦[^1]¦~~¦**¦_¦`¦[x](y)
![i](j)¦<a href='http://['>¦</noembed>¦<image src=x>¦<button>¦<annotation-xml encoding='text/html'>
<mtext>¦</mtext>¦<mo>¦<mglyph>¦<malignmark>¦<semantics>¦<annotation>¦<maction actiontype='statusline'>¦<none/>
<mi xlink:href='javascript:x' href='javascript:x'>¦<mprescripts/>¦<desc>¦<foreignObject>¦</math>¦<mphantom>
<noscript>¦</noscript>¦<img data-src='javascript:x'>¦<img src='data:x' data-src='y'>¦<xmp>¦<td style='text-align:right'>
<code class='language-c x'>¦<p hidden>¦<dialog>¦<style>¦<a title='--&gt;&lt;img src=1 onerror=x&gt;'>"""
_LINES = [
    "\n",
    "\n\n",
    "* a\n",
    "> q\n",
    "```\n",
    "[^1]: foot\n",
    "|a|b|\n|-|-|\n",
    "\t",
    "\x0c",
    "\u2028",
    "<a href=' java\nscript:x'>",
]
fragments = st.sampled_from(re.split("[¦\n]", _MARKUP)) | st.sampled_from(_LINES) | st.text(max_size=5)
hostile = st.lists(fragments, max_size=30).map("".join)
RISKY_ELEMENTS = set("script style iframe svg object embed form link meta base noscript template".split())
RISKY_ELEMENTS |= set("annotation annotation-xml maction mglyph malignmark foreignobject".split())
RISKY_ATTRIBUTE = re.compile(r"on\w+|style|class|srcdoc|xlink:.*|xml:.*|xmlns.*|actiontype|encoding", re.IGNORECASE)
ADDRESSES = {"href", "src", "cite", "poster", "srcset"}
HARMLESS_ADDRESS = re.compile("https?:|mailto:", re.IGNORECASE)


def risks(html: str) -> list[str]:
    """What a browser would make of it that feeds must not hold. Markup within text is harmless."""
    found = []
    for element in turbohtml.parse_fragment(html).select("*"):
        found += [element.tag] if element.tag in RISKY_ELEMENTS else []
        for name, value in element.attrs.items():
            if name == "class" and all(part.startswith("language-") for part in value or ()):
                continue
            if RISKY_ATTRIBUTE.fullmatch(name) or (name in ADDRESSES and not HARMLESS_ADDRESS.match(str(value))):
                found.append(f"{element.tag} {name}={value}")
    return found


@given(hostile)
@example("<plaintext>[^1]: foot\n[^1]: foot\n")
@settings(max_examples=300, deadline=None)
def test_any_body_is_refused_or_rendered_clean_and_a_second_pass_changes_nothing(body: str) -> None:
    try:
        found = rendered(clean(body))
    except InvalidDocument:
        return

    in_feed = absolute_html(found.feed_html, PERMALINK)
    assert feed_html(in_feed) == in_feed
    assert clean(in_feed) == in_feed
    assert clean(found.html) == found.html
    assert risks(in_feed) == []
