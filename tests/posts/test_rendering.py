"""A body as rendered: the author's own HTML for the page, excerpt, image and links."""

import re

import pytest

from feedserver.errors import InvalidDocument
from feedserver.posts.rendering import EXCERPT
from tests.posts.builders import rendered

CLIENT_PATTERN = re.compile('<link rel="pingback" href="([^"]+)" ?/?>')  # Pingback 1.0, section 2.2


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("|a|b|\n|-|-|\n|1|2|", "<td>2</td>"),
        ("Text[^1].\n\n[^1]: The note.", '<a href="#fn1" id="fnref1">'),
        ("Text[^1].\n\n[^1]: The note.", '<li id="fn1" class="footnote-item">'),
        ("## Heading", '<h2 id="heading">Heading</h2>'),
        ("```\n<b>&amp;\n```", "<code>&lt;b&gt;&amp;amp;"),
        ("a < b && c", "a &lt; b &amp;&amp; c"),
    ],
    ids=["emphasis", "strikethrough", "table", "footnote", "footnote text", "heading", "code", "escaped"],
)
def test_markdown_becomes_html(body: str, html: str) -> None:
    assert html in rendered(body).html


@pytest.mark.parametrize(
    "html",
    [
        '<div class="mine" style="color:red" onclick="x()">a</div>',
        '<script src="https://cdn.example/x.js"></script>',
        '<iframe src="https://video.example/1" title="Film"></iframe>',
        '<link itemprop="url" href="https://h.example/">',
        '<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>',
    ],
    ids=["attributes", "script", "iframe", "link", "svg"],
)
def test_the_page_gets_the_authors_html_unchanged(html: str) -> None:
    assert html in rendered(html).html


@pytest.mark.parametrize("body", ["", "\n\n", "[a]: /unused", "<!-- nothing -->", "<p> </p>", "<div></div>"])
def test_an_empty_body_says_nothing_in_a_feed(body: str) -> None:
    found = rendered(body)

    assert (found.feed_html, found.excerpt, found.image, found.hosts) == ("", "", None, frozenset())


@pytest.mark.parametrize(
    "body",
    [
        "a\x00b\x0bc",
        "a&#0;b&#x1f;c",
        "<p>a&#0;b&#x1F;c&#xFFFE;</p>",
        "<p>a&#0b&#x0cz</p>".replace("&#x0cz", "&#12;c"),
        "<p>a&#xd800;b&#1114112;c</p>",
    ],
    ids=["raw", "in Markdown", "in HTML", "unterminated", "no characters at all"],
)
def test_control_characters_are_dropped_even_as_references(body: str) -> None:
    found = rendered(body.replace("\x00", "").replace("\x0b", ""))

    assert found.html == "<p>abc</p>\n" or found.html == "<p>abc</p>"
    assert found.feed_html == "<p>abc</p>"
    assert found.excerpt == "abc"


def test_other_references_stay_on_the_page() -> None:
    assert rendered("<p>&#233;&#x2014;&#150;&amp;</p>").html == "<p>&#233;&#x2014;&#150;&amp;</p>"


# --- elements of endpoints ---


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="pingback" href="http://evil.example/">',
        '<link rel="pingback" href="http://evil.example/" />',
        "<link rel=pingback href=http://evil.example/>",
        "<LINK REL='PingBack' HREF='x'>",
        '<link title=">" rel="pingback" href="x">',
        '<link rel="&#112;ingback" href="x">',
        '<link rel="ping&#98;ack" href="x">',
        '<link rel="pingback" href="a>b" />',
        '<link\nrel="pingback"\nhref="x">',
        '<link/rel="pingback" href="x">',
        '<!-- <link rel="pingback" href="x"> -->',
        '<a title=\'<link rel="pingback" href="x">\'>y</a>',
        '<script>"<link rel="pingback" href="x">"</script>',
        '<pre><link rel="pingback" href="x"></pre>',
        '<li<link rel="pingback" href="x">nk rel="pingback" href="y">',
    ],
)
@pytest.mark.parametrize("around", ["<div>\n{}\n</div>", "Words {} words"], ids=["block", "inline"])
def test_a_body_holds_no_pingback_element_and_nothing_clients_take_for_one(html: str, around: str) -> None:
    found = rendered(around.format(html))

    assert not CLIENT_PATTERN.search(found.html)
    assert not re.search(r"<link\b", found.html, re.IGNORECASE)


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="webmention" href="http://evil.example/">',
        "<LINK HREF=x REL=WebMention>",
        '<link rel="&#119;ebmention" href="x">',
        '<a href="http://evil.example/" rel="webmention">x</a>',
        "<a rel=webmention href=x>x</a>",
        "<A REL = 'me WebMention' HREF=x>x</A>",
        '<!-- <a href="x" rel="webmention"> -->',
        '<b title=\'<a href="x" rel="nofollow webmention">\'>y</b>',
    ],
)
@pytest.mark.parametrize("around", ["<div>\n{}\n</div>", "Words {} words"], ids=["block", "inline"])
def test_a_body_names_no_endpoint_of_webmentions_and_holds_nothing_senders_take_for_one(html: str, around: str) -> None:
    found = rendered(around.format(html))

    assert not re.search(r"<link\b", found.html, re.IGNORECASE)
    assert not re.search(r"<a\b[^<>]*\brel\s*=[^<>]*webmention", found.html, re.IGNORECASE)


@pytest.mark.parametrize(
    "html",
    [
        '<a rel="nofollow" href="https://webmention.io/">a service</a>',
        '<a href="/webmention" rel="tag">a tag</a>',
        '<a rel="not-webmention" data-rel="webmention" href="/x">none</a>',
        '<a rel="me" data-webmention="yes" href="/x">none</a>',
    ],
)
def test_links_to_what_webmentions_are_stay(html: str) -> None:
    assert html in rendered(f"Webmention: {html}").html


def test_a_quoted_pingback_element_can_be_read() -> None:
    found = rendered('Write `<link rel="pingback" href="x">` into the head.')

    assert found.excerpt == 'Write <link rel="pingback" href="x"> into the head.'
    assert not CLIENT_PATTERN.search(found.html + found.feed_html)


# --- what else is known of a body ---


def test_the_excerpt_is_the_beginning_as_plain_text() -> None:
    found = rendered("# One\n\nTwo *three* &amp; [four](/x).\n\n" + "more words " * 100)

    assert found.excerpt.startswith("One Two three & four. more words")
    assert found.excerpt.endswith("…")
    assert len(found.excerpt) <= EXCERPT


def test_the_excerpt_is_cut_between_grapheme_clusters() -> None:
    assert rendered("🇩🇪" * 1000).excerpt == "🇩🇪" * 139 + "…"


def test_the_excerpt_leaves_no_bidi_control_open() -> None:
    assert rendered("one \u202etwo\n\n&#x202e;three &#x2067;four&#x2069;").excerpt == "one two three \u2067four\u2069"
    assert "\u2067" not in rendered("&#x2067;" + "words " * 100 + "&#x2069;").excerpt


def test_the_excerpt_knows_no_footnotes() -> None:
    assert rendered("One[^1] two.[^n]\n\n[^1]: Note.\n[^n]: Other.").excerpt == "One two."


@pytest.mark.parametrize(
    ("body", "image"),
    [
        ("![a](cat.png) ![b](dog.png)", "cat.png"),
        ('<img src="/c.png">', "/c.png"),
        ("![a](data:image/png;base64,xx) ![b](//h.example/d.png)", "//h.example/d.png"),
        ('<video poster="p.png"></video> no image', None),
        ("words", None),
    ],
)
def test_the_image_is_the_first_that_a_feed_can_name(body: str, image: str | None) -> None:
    assert rendered(body).image == image


def test_the_hosts_are_those_of_other_sites_that_the_body_links_to() -> None:
    elsewhere = "[a](https://One.Example/x) [b](http://two.example:8080) [c](//three.example/)"
    body = f"{elsewhere} [d](/own) [e](mailto:a@four.example) ![f](//five.example/)"

    assert rendered(body).hosts == {"one.example", "two.example", "three.example"}


# --- bounds ---


@pytest.mark.parametrize(
    "body",
    ["[a]: http://h.example/" + "u" * 50_000 + "\n\n" + "[a] " * 1_000, "[^a]: a\n\n" + "[^a]" * 60_000],
    ids=["an address", "a footnote"],
)
def test_references_cannot_make_a_short_body_huge(body: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^body: becomes over .* characters of HTML"):
        rendered(body)


def test_the_cells_of_a_table_are_aligned_without_inline_styles() -> None:
    html = rendered("| a | b | c |\n|---|--:|:-:|\n| 1 | 2 | 3 |\n").html

    assert "style=" not in html
    assert '<td align="right">2</td>' in html
    assert '<th align="center">c</th>' in html
