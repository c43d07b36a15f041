"""What is found on a page: links, names and titles."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.thoughts.source.links import MAX_LINKS, FoundLink, read
from feedserver.thoughts.source.tokens import MAX_TOKENS

SOURCE = "http://blog.example/2026/entry?x=1"
POST = "http://me.example/posts/one"
MEBI = 1024 * 1024


def urls(page: str, source: str = SOURCE) -> list[str]:
    return [link.url for link in read(page, source).links]


@pytest.mark.parametrize(
    ("page", "element"),
    [
        pytest.param(f"<a href={POST}>x</a>", "a", id="a, unquoted"),
        pytest.param(f"<A HREF='{POST}'>x</A>", "a", id="a in capitals, single quotes"),
        pytest.param(f'<a class="b"\n  href = "{POST}" rel=nofollow>x', "a", id="a over two lines, never closed"),
        pytest.param(f"<a href='\n {POST[:9]}\n\t{POST[9:]} '>x</a>", "a", id="a with breaks in its URL"),
        pytest.param("<a href='http&#58;//me.example&#x2f;posts/one'>x</a>", "a", id="a with references"),
        pytest.param("<a href=//me.example/posts/one>x</a>", "a", id="a without a scheme"),
        pytest.param("<a href=HTTP://me.example/posts/one>x</a>", "a", id="a with its scheme in capitals"),
        pytest.param(f"<a href='{' ' * 3000}{POST}{' ' * 3000}'>x</a>", "a", id="a with very many blanks"),
        pytest.param(f"<map><area href={POST}></map>", "area", id="area"),
        pytest.param(f"<head><link rel=related href={POST}></head>", "link", id="link"),
        pytest.param(f"<img src={POST}>", "img", id="img src"),
        pytest.param(f"<img srcset='x.png 1x, {POST} 2x'>", "img", id="img srcset"),
        pytest.param(f"<video src={POST}></video>", "video", id="video src"),
        pytest.param(f"<video poster={POST}></video>", "video", id="video poster"),
        pytest.param(f"<audio src={POST}></audio>", "audio", id="audio"),
        pytest.param(f"<video><source src={POST}></video>", "source", id="source src"),
        pytest.param(f"<picture><source srcset={POST}></picture>", "source", id="source srcset"),
        pytest.param(f"<iframe src={POST}></iframe>", "iframe", id="iframe"),
        pytest.param(f"<embed src={POST}>", "embed", id="embed"),
        pytest.param(f"<blockquote cite={POST}>x</blockquote>", "blockquote", id="blockquote cite"),
        pytest.param(f"<q cite={POST}>x</q>", "q", id="q cite"),
        pytest.param(f"<ins cite={POST}>x</ins>", "ins", id="ins cite"),
        pytest.param(f"<del cite={POST}>x</del>", "del", id="del cite"),
        pytest.param(f"<noscript><a href={POST}>x</a></noscript>", "a", id="within noscript"),
        pytest.param(f"<noscript><noscript><img src={POST}></noscript>", "img", id="within two noscripts"),
        pytest.param(f"<svg><a href={POST}>x</a></svg>", "a", id="a within svg"),
        pytest.param(
            f"<svg><title/><style/></svg><a href={POST}>x</a>", "a", id="after an svg title that closes itself"
        ),
        pytest.param(f"<?xml version='1.0'?><script src=s.js /><a href={POST}>x</a>", "a", id="xhtml, closed script"),
        pytest.param(f"{'<div>' * 3000}<a href={POST}>x</a>", "a", id="very deep"),
        pytest.param(f"<p data-x='{'x' * 200_000}'><a href={POST}>x</a>", "a", id="after a very long tag"),
        pytest.param(f"<template>x</template><a href={POST}>x</a>", "a", id="after a template"),
        pytest.param(f"<title>x</title x><a href={POST}>x</a>", "a", id="after a title"),
        pytest.param(
            "".join(f"<img src='data:,{n}{'x' * 60_000}'>" for n in range(60)) + f"<a href={POST}>x</a>",
            "a",
            id="after inlined images",
        ),
        pytest.param(f"<p>5 < 6 <a href={POST}>x</a>", "a", id="after a stray sign"),
    ],
)
def test_is_a_link(page: str, element: str) -> None:
    assert [link.element for link in read(page, SOURCE).links if link.url.lower() == POST] == [element]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"<p>{POST}</p>", id="text"),
        pytest.param(f"<p>&lt;a href={POST}&gt;</p>", id="escaped markup"),
        pytest.param(f"<!-- <a href={POST}>x</a> -->", id="comment"),
        pytest.param(f"<!-- <a href={POST}>x</a>", id="comment that never ends"),
        pytest.param(f"<script>'<a href={POST}>x</a>'</script>", id="script"),
        pytest.param(f"<script><!--<script></script><a href={POST}></script>", id="script within a script"),
        pytest.param(f"<style><a href={POST}>x</a></style>", id="style"),
        pytest.param(f"<template><a href={POST}>x</a></template>", id="template"),
        pytest.param(f"<template><template></template><img src={POST}></template>", id="nested template"),
        pytest.param(f"<template><div><p></template><template><a href={POST}>", id="template that never ends"),
        pytest.param(f"<title><a href={POST}>x</a></title>", id="title"),
        pytest.param(f"<textarea><a href={POST}>x</a></textarea>", id="textarea"),
        pytest.param(f"<noframes><a href={POST}>x</a></noframes>", id="noframes"),
        pytest.param(f"<noembed><a href={POST}>x</a></noembed>", id="noembed"),
        pytest.param(f"<xmp><a href={POST}>x</a></xmp>", id="xmp"),
        pytest.param(f"<iframe><a href={POST}>x</a></iframe>", id="content of an iframe"),
        pytest.param(f"<plaintext><a href={POST}>x</a>", id="plaintext"),
        pytest.param(f"<noscript><!-- <a href={POST}>x</a> --></noscript>", id="comment within noscript"),
        pytest.param(f"<a data-href={POST}>x</a>", id="data-href"),
        pytest.param(f"<a title='<a href={POST}>'>x</a>", id="attribute that holds markup"),
        pytest.param(f"<a name={POST}>x</a>", id="a name"),
        pytest.param(f"<div href={POST} src={POST} cite={POST}>x</div>", id="attributes of a div"),
        pytest.param(f"<img alt={POST} data-src={POST}>", id="other attributes of an image"),
        pytest.param(f"<a href=/x href={POST}>x</a>", id="second attribute of the same name"),
        pytest.param(f"<form action={POST}></form>", id="form"),
        pytest.param(f"<script src={POST}></script>", id="script src"),
        pytest.param(f"<object data={POST}></object>", id="object"),
        pytest.param(f"<meta property=og:url content={POST}>", id="meta"),
        pytest.param(f"<base href={POST}>", id="base alone"),
        pytest.param(f"<!DOCTYPE html SYSTEM '{POST}'>", id="doctype"),
        pytest.param(f"<a href={POST}", id="tag that never ends"),
        pytest.param(f"</a href={POST}>", id="end tag"),
        pytest.param(f"<a href='javascript:x//{POST}'>x</a>", id="javascript"),
        pytest.param(f"<a href='view-source:{POST}'>x</a>", id="another scheme"),
        pytest.param("<a href='http://[::1'>x</a><a href='//[x]/'>y</a>", id="URL that cannot be parsed"),
        pytest.param(f"<a href='{POST}?{'x' * 2048}'>x</a>", id="URL over 2048 characters"),
        pytest.param(f"<base href={POST}{'x' * 1500}/><a href={'y' * 1500}>x</a>", id="over 2048 with its base"),
    ],
)
def test_is_no_link_to_the_post(page: str) -> None:
    assert not [url for url in urls(page) if url.startswith(POST[:20])]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("<a href=next>", "http://blog.example/2026/next", id="beside the page"),
        pytest.param("<a href=/>", "http://blog.example/", id="from the root"),
        pytest.param("<a href=?y=2>", "http://blog.example/2026/entry?y=2", id="query alone"),
        pytest.param("<a href=#top>", "http://blog.example/2026/entry?x=1#top", id="fragment alone"),
        pytest.param("<a href='a b'>", "http://blog.example/2026/a%20b", id="a blank within"),
        pytest.param("<a href='/?a=1&amp;b=2&copy=3'>", "http://blog.example/?a=1&b=2&copy=3", id="ampersands"),
        pytest.param("<base href=http://b.example/d/><a href=x>", "http://b.example/d/x", id="base"),
        pytest.param("<base href='http://b.example/\n '><a href=''>", "http://b.example/", id="base with blanks"),
        pytest.param("<base href=/d/><a href=x>", "http://blog.example/d/x", id="relative base"),
        pytest.param("<a href=x><base href=http://b.example/>", "http://b.example/x", id="base after the link"),
        pytest.param(
            "<base target=t><base href=http://b.example/><base href=http://c.example/><a href=x>",
            "http://b.example/x",
            id="first base with an address",
        ),
        pytest.param(
            "<template><base href=http://t.example/></template><!-- <base href=http://c.example/> --><a href=/x>",
            "http://blog.example/x",
            id="no base in template or comment",
        ),
        pytest.param("<base href='http://[x'><a href=/x>", "http://blog.example/x", id="base that cannot be parsed"),
        pytest.param("<base href='data:,x'><a href=/x>", "http://blog.example/x", id="base of another scheme"),
        pytest.param("<base href=''><a href=/x>", "http://blog.example/x", id="empty base"),
    ],
)
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
        pytest.param("<p hidden=until-found><a href=/x>y</a>", id="until found"),
        pytest.param("<p style='font-size:0.8em;left:-10px;--display:none'><a href=/x>y</a>", id="harmless styles"),
    ],
)
def test_a_link_that_can_be_seen_is_not_hidden(page: str) -> None:
    assert [link.hidden for link in read(page, SOURCE).links if link.url.endswith("/x")] == [False]


@pytest.mark.parametrize(
    ("page", "name", "title"),
    [
        pytest.param("<title>A page</title>", "A page", "A page", id="title"),
        pytest.param("<title lang=en data-x='>'>A page</title >", "A page", "A page", id="title with attributes"),
        pytest.param(
            "<title>\n A &amp; B &#8211;\tC &lt;b&gt;\n</title>", "A & B – C <b>", "A & B – C <b>", id="references"
        ),
        pytest.param("<title>A <b>page</b></title>", "A <b>page</b>", "A <b>page</b>", id="markup is text"),
        pytest.param("<p>nothing</p>", "", "", id="missing"),
        pytest.param("<title></title>", "", "", id="empty"),
        pytest.param("<title>A</title><title>B</title>", "A", "A", id="first title wins"),
        pytest.param("<svg><title>Icon</title></svg><title>A</title>", "A", "A", id="not that of a picture"),
        pytest.param("<template><title>T</title></template><title>A</title>", "A", "A", id="not that of a template"),
        pytest.param("<!-- <title>T</title> --><title>A</title>", "A", "A", id="not that of a comment"),
        pytest.param("<title>A\0\x07 page\ufffe</title>", "A page", "A page", id="unclean"),
        pytest.param(
            "<meta property=og:site_name content=Blog><meta property=og:title content='One &amp; all'><title>A</title>",
            "Blog",
            "One & all",
            id="og by property",
        ),
        pytest.param("<title>A</title><meta name=OG:Site_Name content=Blog>", "Blog", "A", id="og by name"),
        pytest.param("<title>A</title><meta property=og:title content=' '>", "A", "A", id="blank og"),
        pytest.param(
            "<meta property=og:title content=1><meta property=og:title content=2>", "", "1", id="first og wins"
        ),
    ],
)
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

    tracemalloc.start()
    read(page, SOURCE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 7 * MEBI


PIECES = st.sampled_from(
    "<a href=x>|</a>|<p>|</p>|<div hidden>|</div>|<svg>|<title/>|</title>|<title>|<noscript>|</noscript>|<template>|"
    "</template>|<li>|<td>|</table>|<b>|</b>|<img srcset='a,b c'>|<base href=y>|<!-- -->|<?xml |<|>|&|é|日本|\ud800"
    "".split("|")
)


def test_a_tag_with_very_many_attributes_takes_little_memory() -> None:
    page = "<p " + " ".join(f"a{n}" for n in range(150_000)) + "><a href=x>y"

    tracemalloc.start()
    found = urls(page)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(found) == 1
    assert peak < 7 * MEBI


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join)))
def test_any_text_can_be_read(page: str) -> None:
    reading = read(page, SOURCE)

    assert all(isinstance(link, FoundLink) and link.url.startswith("http") for link in reading.links)
    assert len(reading.title) <= 500
