"""The words around a link."""

import re
import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver import text
from feedserver.thoughts.source.excerpt import excerpts
from feedserver.thoughts.source.links import FoundLink, SourcePage, read
from feedserver.thoughts.source.xhtml import as_html
from tests.support.clusters import CLUSTERS
from tests.support.memory import peak_of

POST = "http://me.example/posts/one"
SOURCE = "http://blog.example/entry"
A = f"<a href={POST}>the link</a>"
SIMPLE = "Some words before the link it."
MARKS = "\u0331" * 1000
LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"


def excerpt(page: SourcePage, link: FoundLink) -> str:
    return excerpts(page, [link])[0].text


def words(page: str) -> str:
    reading = read(page, SOURCE)
    return excerpt(reading, next(link for link in reading.links if link.url == POST))


AROUND = {
    "p": (f"<p>Some words before {A} and some after.</p>", "Some words before the link and some after."),
    "at the beginning": (f"<p>{A} and some words after it.</p>", "the link and some words after it."),
    "at the end": (f"<p>And some words before {A}</p>", "And some words before the link"),
    "inline": (f"<p>Some words before(<b>{A}</b>), and after.", "Some words before(the link), and after."),
    "nested inline": (
        f"<p>Some <i>words <b>be</b>fore <a href={POST}>the <em>li</em>nk</a></i>, and <u>after</u>.</p>",
        "Some words before the link, and after.",
    ),
    "formula": (
        f"<p>The area <math><semantics><mi>π</mi><annotation>unseen</annotation></semantics></math> is what {A} told.",
        "The area π is what the link told.",
    ),
    "references": (
        f"<p>Fish &amp; chips &lt;3 {A}&nbsp;&#8211; &eacute;t&eacute;</p>",
        "Fish & chips <3 the link – été",
    ),
    "blanks": (f"<p>\n Some\n\twords   before\n{A}<br>and<br/>after</p>", "Some words before the link and after"),
    "own p only": (f"<p>Other words.</p><p>Some words before {A} it.</p><p>More.", SIMPLE),
    "li": (f"<ul><li>Other words.<li>Some words before {A} it.<li>More.</ul>", SIMPLE),
    "td": (f"<table><tr><td>Other.<td>Some words before {A} it.<td>M</table>", SIMPLE),
    "blockquote": (f"<blockquote>Some words before {A} it.</blockquote>More.", SIMPLE),
    "run within a block": (
        f"<div><p>Other words.</p>Some words before {A} it.<p>More words.</p></div>",
        SIMPLE,
    ),
    "small block grows to its parent": (
        f"<div><p>First words that stand here.</p><p>Read {A}.</p><p>Last words.</p></div><p>Outside.</p>",
        "First words that stand here. Read the link. Last words.",
    ),
    "small run grows to its block": (
        f"<p>Outside.</p><div><h2>A heading of some words</h2>See {A}.</div><p>Outside.</p>",
        "A heading of some words See the link.",
    ),
    "paragraph ended by the next one": (
        f"<div><p>Read {A}.<p>Words that follow the paragraph.</div>Outside",
        "Read the link. Words that follow the paragraph.",
    ),
    "unclosed link": (
        f"<p>Some words before <a href={POST}>open for ever</p><p>More words.</p>",
        "Some words before open for ever More words.",
    ),
    "two links": (
        f"<p>Some words before {A}<a href=/other>, another link</a>.",
        "Some words before the link, another link.",
    ),
    "blocks in a link": (
        f"<div>Some words to begin with <a href={POST}><h3>A heading</h3><p>and text</p></a>",
        "Some words to begin with A heading and text",
    ),
    "nothing unseen": (
        "<p>Some words <script>no()</script><style>no</style><template>no</template>"
        f"before {A}<svg><text>no</text></svg> it.",
        SIMPLE,
    ),
    "nothing hidden": (
        f"<p>Some words <span hidden>no</span><i style='display:none'>no</i>before {A}.",
        "Some words before the link.",
    ),
    "noscript": (f"<noscript><p>Some words before {A} it.</p></noscript>", SIMPLE),
    "img alt": (
        f"<p>Some words before <img alt='a picture' src={POST}> it, and after.",
        "Some words before a picture it, and after.",
    ),
    "linked picture": (
        f"<p>Some words before <a href={POST}><img alt='a picture' src=x></a> it.",
        "Some words before a picture it.",
    ),
    "empty a": (f"<p>Some words before <a href={POST}></a>it, and after.", "Some words before it, and after."),
    "q": (f"<p>He said: <q cite={POST}>I came and saw.</q> And so on.", "He said: I came and saw. And so on."),
    "blockquote cite": (
        f"<p>Outside.</p><blockquote cite={POST}>Words that were said there.</blockquote>",
        "Words that were said there.",
    ),
    "right to left": (
        f"<p>بعض الكلمات قبل <a href={POST}>الرابط</a> وبعده أيضا.</p>",
        "بعض الكلمات قبل الرابط وبعده أيضا.",
    ),
    "no blanks": (
        f"<p>これは前の文章です。<a href={POST}>リンク</a>これは後の文章です。</p>",
        "これは前の文章です。リンクこれは後の文章です。",
    ),
    "link ended by its cell": (
        f"<table><tr><td>Some words before it: <a href={POST}>the link<td>Other</table>",
        "Some words before it: the link",
    ),
    "link ended within a block": (
        f"<div>Some words before <a href={POST}><div>the link</a> {LONG[:95]}</div></div>",
        f"Some words before the link {LONG[:95]}",
    ),
    "link that closes itself": (
        as_html(f"<p>Some words before <a href='{POST}' />{LONG} {LONG}</p>"),
        f"Some words before {LONG[: LONG.index(' seventeen')]}",
    ),
    "very many blanks": (
        f"<p>Some words before {'<b> </b>' * 5000}{' ' * 5000}{A}<i>{' ' * 9000}</i> it.",
        SIMPLE,
    ),
    "one long blank": (f"<p>Some words before{' ' * 9000}{A} it.", SIMPLE),
    "hidden picture": (
        f"<p>Some words before <a href={POST}>the link<img hidden alt=no src=x></a> it.",
        SIMPLE,
    ),
    "composed": (f"<p>Cafe\u0301 and many other words {A}.", "Café and many other words the link."),
    "unclean": (f"<p>Some\0 words\x07 \ufffe before {A} it.", SIMPLE),
}


@pytest.mark.parametrize(("page", "expected"), AROUND.values(), ids=AROUND)
def test_shows_the_words_around_the_link(page: str, expected: str) -> None:
    assert words(page) == f"[…] {expected} […]"


WITHOUT_WORDS = {
    "link in head, description": (
        f"<head><link rel=x href={POST}><meta name=description content='About &amp; so on'></head><p>Words",
        "[…] About & so on […]",
    ),
    "link in head, og:description": (
        f"<link rel=x href={POST}><meta property=og:description content='As og says'><p>Words",
        "[…] As og says […]",
    ),
    "link in head, first words": (
        f"<head><title>T</title><link href={POST}><style>s</style></head><body><h1>First</h1><p>words",
        "[…] First words […]",
    ),
    "block without words": (f"<meta name=description content=D><img src={POST}>", "[…] D […]"),
    "no words at all": (f"<img src={POST}><script>x</script>", ""),
    "blank link alone": (f"<p><a href={POST}> </a></p>", ""),
    "nothing but accents": (f"<p><a href={POST}>x{MARKS}</a></p>", f"[…] x{MARKS[:30]} […]"),
}


@pytest.mark.parametrize(("page", "expected"), WITHOUT_WORDS.values(), ids=WITHOUT_WORDS)
def test_falls_back_to_the_description_or_the_first_words(page: str, expected: str) -> None:
    assert words(page) == expected


def test_cuts_a_long_block_at_whole_words_about_100_characters_from_the_link() -> None:
    found = words(f"<p>{LONG} {LONG} {A} {LONG} {LONG}</p>").removeprefix("[…] ").removesuffix(" […]")

    before, after = found.split(" the link ")
    assert f" {LONG} {LONG} ".endswith(f" {before} ")
    assert f" {LONG} {LONG} ".startswith(f" {after} ")
    assert 85 <= len(before) <= 100
    assert 85 <= len(after) <= 100


def test_a_word_that_just_fits_is_kept() -> None:
    exact = "a" * 49 + " " + "b" * 50

    assert words(f"<p>x {exact}<a href={POST}>-</a>{exact} x") == f"[…] {exact}-{exact} […]"


def test_a_huge_block_gives_the_words_next_to_the_link() -> None:
    found = words("<p>" + "far " * 200_000 + f"near {A} close" + " away" * 50_000)

    assert " far near the link close away " in found
    assert len(found) < 300


def test_a_long_link_text_is_cut_at_a_word() -> None:
    found = words(f"<p>Before <a href={POST}>{LONG} {LONG}</a> after it.")

    assert found == f"[…] Before {LONG[: LONG.index(' seventeen')]}… after it. […]"


def test_text_without_blanks_is_cut_at_the_limit() -> None:
    found = words(f"<p>{'日本語の文章' * 100}<a href={POST}>リンク</a>{'後の文章です' * 100}")

    before, after = found.removeprefix("[…] ").removesuffix(" […]").split("リンク")
    assert (len(before), len(after)) == (100, 100)


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("length", [200, 5000])
def test_a_word_is_cut_between_grapheme_clusters(cluster: str, shift: int, length: int) -> None:
    run = "x" * shift + cluster * (length // len(cluster))
    found = words(f"<p>{run}<a href={POST}>-{run}</a>{run}").removeprefix("[…] ").removesuffix(" […]")

    before, inside, after = re.split("-|… ", found)
    for part in (before, inside, after):
        assert 50 < len(part) <= 100
        assert set(regex.findall(r"\X", part)) <= {"x", cluster}


def test_flags_are_paired_from_the_first_one_on() -> None:
    found = words(f"<p>x{'🇩🇪' * 3000}🇩<a href={POST}>-</a>")

    before = found.removeprefix("[…] ").removesuffix("- […]")
    assert regex.findall(r"\X", before) == ["🇩🇪"] * ((len(before) - 1) // 2) + ["🇩"]


def test_a_grapheme_cluster_without_end_is_cut_somewhere() -> None:
    assert words(f"<p>{'ᄀ' * 10_000} <a href={POST}>-</a>") == f"[…] {'ᄀ' * 100} - […]"


PAGE = f"""<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Hello &#8211; A Blog</title>
<link rel="alternate" href="/feed/"><style>.x{{}}</style><script>var a = "<a href='{POST}'>no</a>";</script></head>
<body class="home"><header><h1><a href="/">A Blog</a></h1><p>Just another site</p>
<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About</a></li></ul></nav></header>
<main><article><header><h2><a href="/entry">Hello</a></h2>
<span>Posted on <time>May 1</time> by <a href="/me">Me</a></span></header>
<div class="entry-content">
<p>The first paragraph talks of other things.</p>
<p>Yesterday I read <a href="{POST}">a fine post</a> about feeds, and I could not agree more.</p>
<p>The last paragraph ends it.</p>
</div><footer>Filed under <a href="/c">Things</a></footer></article></main>
<aside><h3>Recent Posts</h3><ul><li><a href="/1">One</a></li></ul></aside>
<footer><p>Proudly powered</p></footer></body></html>"""


def test_an_ordinary_page_gives_its_sentence() -> None:
    assert words(PAGE) == "[…] Yesterday I read a fine post about feeds, and I could not agree more. […]"


def test_each_of_many_links_gets_its_own_words() -> None:
    reading = read("".join(f"<p>Paragraph number {n} says <a href=/{n}>more</a>.</p>" for n in range(2000)), SOURCE)

    assert [excerpt(reading, reading.links[n]) for n in (0, 700, 1999)] == [
        f"[…] Paragraph number {n} says more. […]" for n in (0, 700, 1999)
    ]


def test_reads_no_further_than_the_block_around_the_last_link() -> None:
    reading = read(f"<div><p>Some words before {A} it.</p></div>" + "<p>x</p>" * 130_000, SOURCE)
    begun = time.process_time()

    excerpt(reading, reading.links[0])

    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<div>" * 100_000 + A, id="deep"),
        pytest.param(f"<a href={POST}>" + "".join(f"word{n}<b>" for n in range(90_000)), id="link text"),
        pytest.param("".join(f"word{n}<b>" for n in range(90_000)) + A, id="words before"),
    ],
)
def test_takes_little_memory(page: str) -> None:
    reading = read(page, SOURCE)

    assert peak_of(lambda: excerpt(reading, reading.links[-1])) < 4 * 1024 * 1024


def test_a_link_of_another_page_gives_the_fallback() -> None:
    assert excerpt(read("<p>Some words", SOURCE), FoundLink(POST, "a", 999, False)) == "[…] Some words […]"


PIECES = st.sampled_from(
    "<a href=x>|</a>|<p>|</p>|<div hidden>|</div>|<svg>|<title/>|<noscript>|</noscript>|<template>|</template>|<li>|"
    "<td>|<table>|</table>|<img alt=w src=i>|<q cite=y>|<link href=z>|<br>|<!-- -->|<|&|\n|é |日本|x\u0301|\0|\ud800"
    "".split("|")
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=60), max_size=60).map("".join))
def test_any_page_gives_a_bounded_clean_line(page: str) -> None:
    reading = read(page, SOURCE)

    for link in reading.links[:3] + reading.links[-3:]:
        found = excerpt(reading, link)
        assert len(found) <= 1000
        assert found == text.one_line(found)
        assert found == "" or (found.startswith("[…] ") and found.endswith(" […]"))
