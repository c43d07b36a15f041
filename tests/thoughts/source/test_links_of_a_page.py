"""What is found on a page: links, names and titles."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.thoughts.source.links import MAX_LINKS, FoundLink, read
from feedserver.thoughts.source.tokens import MAX_TOKENS
from tests.support.memory import peak_of

SOURCE = "http://blog.example/2026/entry?x=1"
POST = "http://me.example/posts/one"
MEBI = 1024 * 1024


def urls(page: str, source: str = SOURCE) -> list[str]:
    return [link.url for link in read(page, source).links]


LINKS = {
    "a, unquoted": (f"<a href={POST}>x</a>", "a"),
    "a in capitals, single quotes": (f"<A HREF='{POST}'>x</A>", "a"),
    "a over two lines, never closed": (f'<a class="b"\n  href = "{POST}" rel=nofollow>x', "a"),
    "a with breaks in its URL": (f"<a href='\n {POST[:9]}\n\t{POST[9:]} '>x</a>", "a"),
    "a with references": ("<a href='http&#58;//me.example&#x2f;posts/one'>x</a>", "a"),
    "a without a scheme": ("<a href=//me.example/posts/one>x</a>", "a"),
    "a with its scheme in capitals": ("<a href=HTTP://me.example/posts/one>x</a>", "a"),
    "a with very many blanks": (f"<a href='{' ' * 3000}{POST}{' ' * 3000}'>x</a>", "a"),
    "area": (f"<map><area href={POST}></map>", "area"),
    "link": (f"<head><link rel=related href={POST}></head>", "link"),
    "img src": (f"<img src={POST}>", "img"),
    "img srcset": (f"<img srcset='x.png 1x, {POST} 2x'>", "img"),
    "video src": (f"<video src={POST}></video>", "video"),
    "video poster": (f"<video poster={POST}></video>", "video"),
    "audio": (f"<audio src={POST}></audio>", "audio"),
    "source src": (f"<video><source src={POST}></video>", "source"),
    "source srcset": (f"<picture><source srcset={POST}></picture>", "source"),
    "iframe": (f"<iframe src={POST}></iframe>", "iframe"),
    "embed": (f"<embed src={POST}>", "embed"),
    "blockquote cite": (f"<blockquote cite={POST}>x</blockquote>", "blockquote"),
    "q cite": (f"<q cite={POST}>x</q>", "q"),
    "ins cite": (f"<ins cite={POST}>x</ins>", "ins"),
    "del cite": (f"<del cite={POST}>x</del>", "del"),
    "within noscript": (f"<noscript><a href={POST}>x</a></noscript>", "a"),
    "within two noscripts": (f"<noscript><noscript><img src={POST}></noscript>", "img"),
    "a within svg": (f"<svg><a href={POST}>x</a></svg>", "a"),
    "a within svg, by XLink": (f"<svg><a xlink:href={POST}>x</a></svg>", "a"),
    "after an svg title that closes itself": (f"<svg><title/><style/></svg><a href={POST}>x</a>", "a"),
    "very deep": (f"{'<div>' * 3000}<a href={POST}>x</a>", "a"),
    "after a very long tag": (f"<p data-x='{'x' * 200_000}'><a href={POST}>x</a>", "a"),
    "after a template": (f"<template>x</template><a href={POST}>x</a>", "a"),
    "after a title": (f"<title>x</title x><a href={POST}>x</a>", "a"),
    "after inlined images": (
        "".join(f"<img src='data:,{n}{'x' * 60_000}'>" for n in range(60)) + f"<a href={POST}>x</a>",
        "a",
    ),
    "after a stray sign": (f"<p>5 < 6 <a href={POST}>x</a>", "a"),
}


@pytest.mark.parametrize(("page", "element"), LINKS.values(), ids=LINKS)
def test_is_a_link(page: str, element: str) -> None:
    assert [link.element for link in read(page, SOURCE).links if link.url.lower() == POST] == [element]


NO_LINKS = {
    "text": f"<p>{POST}</p>",
    "XLink outside svg": f"<a xlink:href={POST}>x</a>",
    "XLink within math": f"<math><a xlink:href={POST}>x</a></math>",
    "XLink beside the address of an svg link": f"<svg><a xlink:href={POST} href=/>x</a></svg>",
    "escaped markup": f"<p>&lt;a href={POST}&gt;</p>",
    "comment": f"<!-- <a href={POST}>x</a> -->",
    "comment that never ends": f"<!-- <a href={POST}>x</a>",
    "script": f"<script>'<a href={POST}>x</a>'</script>",
    "script within a script": f"<script><!--<script></script><a href={POST}></script>",
    "style": f"<style><a href={POST}>x</a></style>",
    "template": f"<template><a href={POST}>x</a></template>",
    "nested template": f"<template><template></template><img src={POST}></template>",
    "template that never ends": f"<template><div><p></template><template><a href={POST}>",
    "title": f"<title><a href={POST}>x</a></title>",
    "textarea": f"<textarea><a href={POST}>x</a></textarea>",
    "noframes": f"<noframes><a href={POST}>x</a></noframes>",
    "noembed": f"<noembed><a href={POST}>x</a></noembed>",
    "xmp": f"<xmp><a href={POST}>x</a></xmp>",
    "content of an iframe": f"<iframe><a href={POST}>x</a></iframe>",
    "plaintext": f"<plaintext><a href={POST}>x</a>",
    "comment within noscript": f"<noscript><!-- <a href={POST}>x</a> --></noscript>",
    "data-href": f"<a data-href={POST}>x</a>",
    "attribute that holds markup": f"<a title='<a href={POST}>'>x</a>",
    "a name": f"<a name={POST}>x</a>",
    "attributes of a div": f"<div href={POST} src={POST} cite={POST} title={POST}>x</div>",
    "other attributes of an image": f"<img alt={POST} data-src={POST}>",
    "second attribute of the same name": f"<a href=/x href={POST}>x</a>",
    "form": f"<form action={POST}><input value={POST}></form>",
    "script src": f"<script src={POST}></script>",
    "object": f"<object data={POST}></object>",
    "meta": f"<meta property=og:url content={POST}>",
    "base alone": f"<base href={POST}>",
    "doctype": f"<!DOCTYPE html SYSTEM '{POST}'>",
    "tag that never ends": f"<a href={POST}",
    "end tag": f"</a href={POST}>",
    "javascript": f"<a href='javascript:x//{POST}'>x</a>",
    "another scheme": f"<a href='view-source:{POST}'>x</a>",
    "URL that cannot be parsed": "<a href='http://[::1'>x</a><a href='//[x]/'>y</a>",
    "URL over 2048 characters": f"<a href='{POST}?{'x' * 2048}'>x</a>",
    "over 2048 with its base": f"<base href={POST}{'x' * 1500}/><a href={'y' * 1500}>x</a>",
}


@pytest.mark.parametrize("page", NO_LINKS.values(), ids=NO_LINKS)
def test_is_no_link_to_the_post(page: str) -> None:
    assert not [url for url in urls(page) if url.startswith(POST[:20])]


RESOLVED = {
    "beside the page": ("<a href=next>", "http://blog.example/2026/next"),
    "from the root": ("<a href=/>", "http://blog.example/"),
    "query alone": ("<a href=?y=2>", "http://blog.example/2026/entry?y=2"),
    "fragment alone": ("<a href=#top>", "http://blog.example/2026/entry?x=1#top"),
    "a blank within": ("<a href='a b'>", "http://blog.example/2026/a%20b"),
    "ampersands": ("<a href='/?a=1&amp;b=2&copy=3'>", "http://blog.example/?a=1&b=2&copy=3"),
    "base": ("<base href=http://b.example/d/><a href=x>", "http://b.example/d/x"),
    "base with blanks": ("<base href='http://b.example/\n '><a href=''>", "http://b.example/"),
    "base without a scheme": ("<base href=//b.example/d/e/><a href=../x>", "http://b.example/d/x"),
    "relative base": ("<base href=/d/><a href=x>", "http://blog.example/d/x"),
    "base after the link": ("<a href=x><base href=http://b.example/>", "http://b.example/x"),
    "first base with an address": (
        "<base target=t><base href=http://b.example/><base href=http://c.example/><a href=x>",
        "http://b.example/x",
    ),
    "no base in template or comment": (
        "<template><base href=http://t.example/></template><!-- <base href=http://c.example/> --><a href=/x>",
        "http://blog.example/x",
    ),
    "base that cannot be parsed": ("<base href='http://[x'><a href=/x>", "http://blog.example/x"),
    "base of another scheme": ("<base href='data:,x'><a href=/x>", "http://blog.example/x"),
    "empty base": ("<base href=''><a href=/x>", "http://blog.example/x"),
}


@pytest.mark.parametrize(("page", "expected"), RESOLVED.values(), ids=RESOLVED)
def test_links_are_resolved_as_html_2_4_3_says(page: str, expected: str) -> None:
    assert urls(page) == [expected]


def test_the_scheme_is_read_in_any_case() -> None:
    assert len(urls("<a href=HTTP://me.example/>x</a>", "https://blog.example/")) == 1


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        pytest.param("a 1x, b 2x", ["a", "b"], id="with descriptors"),
        pytest.param(" a , b ", ["a", "b"], id="without"),
        pytest.param("a, b,c 2x", ["a", "b,c"], id="a comma within a URL"),
        pytest.param(",, a 100w,,\n b", ["a", "b"], id="commas in front"),
        pytest.param("", [], id="nothing"),
        pytest.param(" ,, ", [], id="nothing but commas"),
    ],
)
def test_srcset_holds_many_links(srcset: str, expected: list[str]) -> None:
    assert urls(f"<img srcset='{srcset}'>", "http://h.example/") == [f"http://h.example/{name}" for name in expected]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<a hidden href=/x>y</a>", id="hidden attribute"),
        pytest.param("<div hidden><p><b>x</b><a href=/x>y</a></div>", id="hidden ancestor"),
        pytest.param("<div style='Display : NONE'><a href=/x>y</a></div>", id="display none"),
        pytest.param("<a style='color:red;visibility:hidden' href=/x>y</a>", id="visibility hidden"),
        pytest.param("<p style='font-size:0px'><a href=/x>y</a>", id="font size 0"),
        pytest.param("<p style='position:absolute;left:-9999px'><a href=/x>y</a>", id="off to the left"),
        pytest.param("<p style='text-indent: -5000em'><a href=/x>y</a>", id="indented away"),
        pytest.param("<img hidden src=/x>", id="empty element"),
        pytest.param("<div hidden><div></div><a href=/x>y</a></div>", id="after a closed child"),
        pytest.param("<div hidden>" + "<b>" * 1000 + "<a href=/x>y</a>", id="deep within"),
        pytest.param("<b hidden><i></u></p><a href=/x>y</a></b>", id="after strays"),
        pytest.param("<b>x<p hidden>x</b><a href=/x>y</a>", id="after the end of what is around the block"),
        pytest.param("<ul><li hidden>x<ul><li><a href=/x>y</a></ul></ul>", id="item of a hidden item"),
    ],
)
def test_a_link_that_cannot_be_seen_is_hidden(page: str) -> None:
    assert [link.hidden for link in read(page, SOURCE).links] == [True]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<head><link href=/x></head>", id="link"),
        pytest.param("<p aria-hidden=true><a href=/x>y</a>", id="aria-hidden"),
        pytest.param("<div hidden>x</div><a href=/x>y</a>", id="after what is hidden"),
        pytest.param("<p hidden>x<p><a href=/x>y</a>", id="next paragraph"),
        pytest.param("<p hidden>x<div><a href=/x>y</a></div>", id="block that ends a hidden paragraph"),
        pytest.param("<ul><li hidden>x<li><a href=/x>y</a></ul>", id="next item"),
        pytest.param("<table><tr hidden><td>x<tr><td><a href=/x>y</a></table>", id="next row"),
        pytest.param("<div><p hidden>x</div><a href=/x>y</a>", id="after the parent of what is hidden"),
        pytest.param("<img hidden><br style=display:none><a href=/x>y</a>", id="after a hidden empty element"),
        pytest.param("<a hidden><a href=/x>y</a>", id="a link ends the one before"),
        pytest.param("<body hidden><a href=/x>y</a>", id="the whole page"),
        pytest.param("<p hidden=until-found style=content-visibility:visible><a href=/x>y</a>", id="until found"),
        pytest.param("<p style='font-size:0.8em;left:-10px;--display:none'><a href=/x>y</a>", id="harmless styles"),
    ],
)
def test_a_link_that_can_be_seen_is_not_hidden(page: str) -> None:
    assert [link.hidden for link in read(page, SOURCE).links if link.url.endswith("/x")] == [False]


NAMES = {
    "title": ("<title>A page</title>", "A page", "A page"),
    "title with attributes": ("<title lang=en data-x='>'>A page</title >", "A page", "A page"),
    "references": ("<title>\n A &amp; B &#8211;\tC &lt;b&gt;\n</title>", "A & B – C <b>", "A & B – C <b>"),
    "markup is text": ("<title>A <b>page</b></title>", "A <b>page</b>", "A <b>page</b>"),
    "missing": ("<p>nothing</p>", "", ""),
    "empty": ("<title></title>", "", ""),
    "first title wins": ("<title>A</title><title>B</title>", "A", "A"),
    "not that of a picture": ("<svg><title>Icon</title></svg><title>A</title>", "A", "A"),
    "not that of a template": ("<template><title>T</title></template><title>A</title>", "A", "A"),
    "not that of a comment": ("<!-- <title>T</title> --><title>A</title>", "A", "A"),
    "unclean": ("<title>A\0\x07 page\ufffe</title>", "A page", "A page"),
    "og by property": (
        "<meta property=og:site_name content=Blog><meta property=og:title content='One &amp; all'><title>A</title>",
        "Blog",
        "One & all",
    ),
    "og by name": ("<title>A</title><meta name=OG:Site_Name content=Blog>", "Blog", "A"),
    "blank og": ("<title>A</title><meta property=og:title content=' '>", "A", "A"),
    "first og wins": ("<meta property=og:title content=1><meta property=og:title content=2>", "", "1"),
}


@pytest.mark.parametrize(("page", "name", "title"), NAMES.values(), ids=NAMES)
def test_a_page_has_a_name_and_a_title(page: str, name: str, title: str) -> None:
    reading = read(page, SOURCE)

    assert (reading.name, reading.title) == (name, title)


def test_a_huge_title_is_cut_to_500_characters() -> None:
    title = read("<title>" + "word " * 100_000 + "</title>", SOURCE).title

    assert title.endswith("word…")
    assert 490 < len(title) <= 500


def test_links_are_bounded_and_keep_their_order() -> None:
    found = urls("".join(f"<a href={n}>x</a>" for n in range(MAX_LINKS + 10)), "http://h.example/")

    assert found == [f"http://h.example/{n}" for n in range(MAX_LINKS)]


def test_the_number_of_tokens_is_bounded() -> None:
    half = "<b>" * (MAX_TOKENS // 2)

    assert urls(f"{half}<a href=x>y</a>{half}<a href=z>y") == ["http://blog.example/2026/x"]


def test_a_long_base_does_not_multiply_the_page() -> None:
    found = urls(f"<base href=http://h.example/{'a/' * 1000}>" + "".join(f"<a href={n}>" for n in range(20_000)))

    assert len(found) > 1_000
    assert sum(map(len, found)) < 4 * MEBI


def test_a_title_of_combining_marks_is_cut_before_it_is_normalized() -> None:
    begun = time.process_time()

    read("<title>a" + "\u0301\u0316" * (MEBI // 2) + "</title>", SOURCE)

    assert time.process_time() - begun < 1.5


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("<x{n}>", id="different elements"),
        pytest.param("<svg>", id="open elements"),
        pytest.param("<x{n}></x{n}>", id="different closed elements"),
        pytest.param("<a href={n}>", id="different links"),
        pytest.param("<img srcset='{n},a b, c'>", id="candidates"),
        pytest.param("<noscript><svg><title/>", id="read again"),
    ],
)
def test_hostile_pages_take_little_memory(pattern: str) -> None:
    page = "".join(pattern.format(n=n) for n in range(MEBI // len(pattern) // 2))

    assert peak_of(lambda: read(page, SOURCE)) < 7 * MEBI


def test_a_tag_with_very_many_attributes_takes_little_memory() -> None:
    page = "<p " + " ".join(f"a{n}" for n in range(150_000)) + "><a href=x>y"

    assert peak_of(lambda: urls(page)) < 7 * MEBI
    assert len(urls(page)) == 1


PIECES = st.sampled_from(
    "<a href=x>|</a>|<p>|</p>|<div hidden>|</div>|<svg>|<title/>|</title>|<title>|<noscript>|</noscript>|<template>|"
    "</template>|<li>|<td>|</table>|<b>|</b>|<img srcset='a,b c'>|<base href=y>|<!-- -->|<?xml |<|>|&|é|日本|\ud800"
    "".split("|")
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join)))
def test_any_text_can_be_read(page: str) -> None:
    reading = read(page, SOURCE)

    assert all(isinstance(link, FoundLink) and link.url.startswith("http") for link in reading.links)
    assert len(reading.title) <= 500
