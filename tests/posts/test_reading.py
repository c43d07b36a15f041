"""How Markdown reads: links, typography, tasks, definitions, ids of headings, highlighted code."""

import re
import time

import pytest
import turbohtml
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.posts import highlighting
from feedserver.posts.addresses import absolute_html
from feedserver.posts.headings import OURS
from feedserver.posts.markdown import to_html
from tests.pages.builders import elements, form, post, post_page, rich_post_page
from tests.posts.builders import rendered


def on_page(body: str, language: str = "en") -> str:
    return rendered(body, language).html.strip()


def inline(body: str, language: str = "en") -> str:
    """The HTML of one paragraph, without it."""
    return on_page(body, language).removeprefix("<p>").removesuffix("</p>")


def link(address: str, shown: str | None = None) -> str:
    return f'<a href="{address}">{shown or address}</a>'


# --- bare addresses ---


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("https://h.example/a", link("https://h.example/a")),
        ("See http://h.example.", f"See {link('http://h.example')}."),
        ("(https://h.example/a_(b))", f"({link('https://h.example/a_(b)')})"),
        ("https://h.example/_a_/*b", link("https://h.example/_a_/*b")),
        ("*https://h.example/a*", f"<em>{link('https://h.example/a')}</em>"),
        ("https://h.example/?a=1&b=2#c", link("https://h.example/?a=1&amp;b=2#c")),
        (
            "http://localhost:8000/x, ftp://h.example/y",
            f"{link('http://localhost:8000/x')}, {link('ftp://h.example/y')}",
        ),
        ("www.h.example/a", link("http://www.h.example/a", "www.h.example/a")),
        ("Write to ann@h.example.org.", f"Write to {link('mailto:ann@h.example.org', 'ann@h.example.org')}."),
        (
            "https://bücher.example/straße",
            link("https://xn--bcher-kva.example/stra%C3%9Fe", "https://bücher.example/straße"),
        ),
        ("訪問https://h.example/路。以上", f"訪問{link('https://h.example/%E8%B7%AF', 'https://h.example/路')}。以上"),
        ('"https://h.example/a"', f"“{link('https://h.example/a')}”"),
        ("„https://h.example/a“", f"„{link('https://h.example/a')}“"),
        ("«https://h.example/a.»", f"«{link('https://h.example/a')}.»"),
        ("<https://h.example/it's>", link("https://h.example/it's")),
        ("[https://h.example/a--'b'](/x)", link("/x", "https://h.example/a--'b'")),
        ("[https://h.example](/x)", link("/x", "https://h.example")),
        ("<tel:1--2>", link("tel:1--2", "tel:1--2")),
        ("https://xn--bcher-kva.example/%C3%BC", link("https://xn--bcher-kva.example/%C3%BC")),
        ("www.h.example/a--b", link("http://www.h.example/a--b", "www.h.example/a--b")),
        ("|a|\n|-|\n|https://h.example/a|", None),
    ],
)
def test_a_bare_address_is_a_link(body: str, html: str | None) -> None:
    if html is None:
        assert f"<td>{link('https://h.example/a')}</td>" in on_page(body)
    else:
        assert inline(body) == html


@pytest.mark.parametrize(
    "body",
    [
        "`https://h.example/a`",
        "<code>https://h.example/a</code>",
        "<kbd>www.h.example</kbd>",
        "README.md setup.py e.g. Node.js h.example",
        "//h.example/a gemini://h.example/a ://",
        "/var/www.old/x a@b",
        r"https\://h.example/a",
        "@ann@h.example",
        "http:// https://?",
        f"https://h.example/{'a' * 2048}",
    ],
)
def test_code_names_and_what_is_too_long_are_no_links(body: str) -> None:
    assert "<a " not in on_page(body)


@pytest.mark.parametrize("address", ["https://xn--bcher-kva.example/%C3%BC", "www.xn--bcher-kva.example/%C3%BC--it's"])
def test_an_address_in_code_is_not_changed(address: str) -> None:
    assert inline(f"<code>{address}</code> `{address}`") == f"<code>{address}</code> <code>{address}</code>"


def test_an_address_in_raw_html_stays_as_it_is() -> None:
    html = '<a href="https://h.example/">https://h.example/</a>'

    assert inline(f"See {html}") == f"See {html}"
    assert on_page("<div>https://h.example/</div>") == "<div>https://h.example/</div>"


def test_what_a_bare_address_leads_to_is_known_as_a_link() -> None:
    assert rendered("https://one.example/x www.two.example").hosts == {"one.example", "www.two.example"}


# --- quotation marks, dashes ---


@pytest.mark.parametrize(
    ("language", "quoted"),
    [
        ("en", "“a ‘b’ c”"),
        ("en-GB", "“a ‘b’ c”"),
        ("tlh", "“a ‘b’ c”"),
        ("de", "„a ‚b‘ c“"),
        ("de-AT", "„a ‚b‘ c“"),
        ("de-CH", "«a ‹b› c»"),
        ("fr", "«\u202fa “b” c\u202f»"),
        ("FR-fr", "«\u202fa “b” c\u202f»"),
        ("es", "“a ‘b’ c”"),
        ("it", "«a “b” c»"),
        ("pt", "“a ‘b’ c”"),
        ("pt-BR", "“a ‘b’ c”"),
        ("pt-PT", "«a “b” c»"),
        ("nl", "“a ‘b’ c”"),
        ("pl", "„a «b» c”"),
        ("uk", "«a „b“ c»"),
        ("sv", "”a ’b’ c”"),
        ("fi", "”a ’b’ c”"),
        ("da", "“a ‘b’ c”"),
        ("cs", "„a ‚b‘ c“"),
        ("ja", "「a 『b』 c」"),
        ("zh", "“a ‘b’ c”"),
        ("zh-Hant-TW", "「a 『b』 c」"),
        ("ar", "”a ’b‘ c“"),
        ("he", "”a ’b’ c”"),
    ],
)
def test_quotation_marks_are_those_of_the_language(language: str, quoted: str) -> None:
    assert inline("\"a 'b' c\"", language) == quoted
    assert inline(quoted, language) == quoted


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("It's the dogs' '90s, '90s rock", "It’s the dogs’ ’90s, ’90s rock"),
        ('*"a"* and "*a*"', "<em>“a”</em> and “<em>a</em>”"),
        ('"a `b` c"', "“a <code>b</code> c”"),
        ('"one\ntwo"', "“one\ntwo”"),
        ('5\'10" tall, 12" wide', "5′10″ tall, 12&quot; wide"),
        (r"\"a\" it\'s", "&quot;a&quot; it's"),
        ("&quot;a&quot;", "&quot;a&quot;"),
        ('"never closed', "&quot;never closed"),
        ("a -- b, a--b, a---b, 1990--1995", "a – b, a–b, a—b, 1990–1995"),
        ("*a* -- *b*--*c*", "<em>a</em> – <em>b</em>–<em>c</em>"),
        ("--all i--; a----b <-- --> -", "--all i--; a----b &lt;-- --&gt; -"),
        ("--help", "--help"),
        ("wait... .../x x/... a....", "wait… .../x x/... a...."),
        ("(c) (tm) +- ?!?!?! ,,", "(c) (tm) +- ?!?!?! ,,"),
        ("`\"a\" -- 'b'...`", "<code>&quot;a&quot; -- 'b'...</code>"),
        ('<code>"a" -- it\'s</code> "b"', "<code>&quot;a&quot; -- it's</code> “b”"),
        ('<b title="it\'s">"a"</b>', '<b title="it\'s">“a”</b>'),
        ('![it\'s "a"](x.png "it\'s")', '<img src="x.png" alt="it\'s &quot;a&quot;" title="it\'s">'),
        ("[it's](/it's \"it's\")", '<a href="/it\'s" title="it\'s">it’s</a>'),
    ],
)
def test_quotes_and_dashes_are_typographic_in_prose_alone(body: str, html: str) -> None:
    assert inline(body).replace(" />", ">") == html


def test_raw_html_blocks_and_code_blocks_stay_as_typed() -> None:
    body = '<p>it\'s "a" -- b</p>\n\n    it\'s "a" -- b\n\n```\nit\'s "a" -- b\n```'

    assert "’" not in on_page(body)
    assert "–" not in on_page(body)


def test_a_very_long_paragraph_stays_as_typed() -> None:
    assert "“" in inline('"a" ' * 2_000)
    assert "“" not in inline('"a" ' * 3_000)


def test_footnotes_tables_and_definitions_are_typographic_too() -> None:
    html = on_page("|it's|\n|-|\n|it's|\n\nit's[^1]\n: it's\n\n[^1]: it's")

    assert html.count("it’s") == 5
    assert "it's" not in html


def test_the_words_of_excerpts_are_typographic_and_those_of_feeds() -> None:
    found = rendered('"It\'s" -- yes', "de")

    assert found.excerpt == "„It’s“ – yes"
    assert found.feed_html == "<p>„It’s“ – yes</p>"


@given(st.lists(st.sampled_from([*"\"'-.!ab1*`\\ ", "--", "...", "“", "’"]), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_letter_is_lost(text: str) -> None:
    def letters(text: str) -> str:
        return re.sub(r"[^ab1]", "", text)

    assert letters(rendered(f"x {text}").excerpt) == letters(text)


# --- tasks and definitions ---


def test_brackets_at_the_start_of_an_item_are_a_checkbox_that_cannot_be_changed() -> None:
    assert on_page("- [ ] *to* do\n- [x] done\n\n  [ ] words\n- [X] [ ]\n- [y] none\n- [x]y none\n- [](/x) none") == (
        "<ul>\n"
        '<li class="task">\n<p><label><input type="checkbox" disabled> <em>to</em> do</label></p>\n</li>\n'
        '<li class="task">\n<p><label><input type="checkbox" disabled checked> done</label></p>\n'
        "<p>[ ] words</p>\n</li>\n"
        '<li class="task">\n<p><label><input type="checkbox" disabled checked> [ ]</label></p>\n</li>\n'
        "<li>\n<p>[y] none</p>\n</li>\n"
        "<li>\n<p>[x]y none</p>\n</li>\n"
        '<li>\n<p><a href="/x"></a> none</p>\n</li>\n'
        "</ul>"
    )


def test_readers_of_feeds_and_excerpts_see_which_tasks_are_done() -> None:
    found = rendered("1. [ ] to do\n2. [x] done")

    assert found.feed_html == "<ol>\n<li>☐ to do</li>\n<li>☑ done</li>\n</ol>"
    assert found.excerpt == "☐ to do ☑ done"


def test_a_line_that_begins_with_a_colon_defines_the_one_before() -> None:
    body = "Slug\n: its name\n: its address\n\nFeed\n: a *document*"
    html = (
        "<dl>\n<dt>Slug</dt>\n<dd>its name</dd>\n<dd>its address</dd>\n"
        "<dt>Feed</dt>\n<dd>a <em>document</em></dd>\n</dl>"
    )

    assert on_page(body) == html
    assert rendered(body).feed_html == html


# --- headings ---


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("# Hello, World!", ["hello-world"]),
        ("## The `code` & *more*", ["the-code--more"]),
        ("Über Äpfel\n---", ["über-äpfel"]),
        ("# 東京 の夜", ["東京-の夜"]),
        ("# a\n## a\n# a-1\n# a", ["a", "a-1", "a-1-1", "a-2"]),
        ("# !!!\n# ![x](y.png)", ["section", "section-1"]),
        (
            "# Thoughts\n# thought 5\n# Thought\n# Thought",
            ["section-thoughts", "section-thought-5", "section-thought", "section-thought-1"],
        ),
        ("# fn1\n# Content\n# Field name", ["section-fn1", "section-content", "section-field-name"]),
        ("# Contents\n# Thoughtful", ["contents", "thoughtful"]),
        ('<a id="a"></a>\n\nx <b id=b>y</b>\n\n# a\n# b', ["a-1", "b-1"]),
        (f"# {'a' * 200}", ["a" * 100]),
    ],
)
def test_headings_have_ids_of_their_own(body: str, ids: list[str]) -> None:
    assert [e.attrs["id"] for e in turbohtml.parse_fragment(on_page(body)).select("h1, h2")] == ids


def test_no_id_of_a_heading_is_one_of_the_page() -> None:
    pages = rich_post_page() + post_page(post=post(title=""), form=form())
    ours = {str(e.attrs["id"]) for e in elements(pages, "[id]")}

    assert {name for name in ours if not OURS.fullmatch(name)} == set()


def test_a_link_to_a_heading_works_on_the_page_and_in_a_feed() -> None:
    found = rendered("[below](#the-end)\n\n# The end")

    assert '<a href="#the-end">' in found.html
    assert '<h1 id="the-end">' in found.html
    in_feed = absolute_html(found.feed_html, "http://blog.example/posts/p")
    assert '<a href="http://blog.example/posts/p#the-end">' in in_feed


# --- code ---


def test_code_is_highlighted_on_the_page_and_plain_in_feeds() -> None:
    found = rendered('```python\nx = "y"  # <z>\n```')

    assert found.html.replace("&quot;", '"') == (
        '<pre tabindex="0"><code class="language-python">x = <span class="s2">"y"</span>'
        '  <span class="c1"># &lt;z&gt;</span>\n</code></pre>\n'
    )
    assert found.feed_html == '<pre><code class="language-python">x = "y"  # &lt;z&gt;\n</code></pre>'
    assert found.excerpt == 'x = "y" # <z>'


@pytest.mark.parametrize(
    ("info", "language"), [("PYTHON", "PYTHON"), ("py title='x'", "py"), ("diff", "diff"), ("c++", "c++")]
)
def test_languages_have_the_names_that_pygments_knows(info: str, language: str) -> None:
    html = on_page(f"~~~ {info}\n+ 1\n~~~")

    assert f'<code class="language-{language}">' in html
    assert '<span class="' in html


@pytest.mark.parametrize("info", ["", "nosuch", "text", "../x", "a" * 500])
def test_other_code_stays_plain(info: str) -> None:
    html = on_page(f"~~~ {info}\nif 1: pass\n~~~")

    assert "<span" not in html
    assert html.endswith(">if 1: pass\n</code></pre>")


def test_no_pingback_element_is_made_of_highlighted_code() -> None:
    found = rendered('```html\n<link rel="pingback" href="x">\n```')

    assert "<link" not in found.html
    assert found.excerpt == '<link rel="pingback" href="x">'


@pytest.mark.parametrize("language", ["python", "c", "html", "json", "console", "diff", "yaml", "make"])
def test_highlighting_changes_no_character(language: str) -> None:
    code = "\n\n  a\t<b>&amp; '\"`\\ 'é🇩🇪'\n\n- x: [1, 2}\n$ ls\n\u2028\x0c\n"

    html = highlighting.highlight(code, language)

    assert not html or turbohtml.parse_fragment(f"<pre>\n{html}</pre>").text == code


def test_code_that_takes_too_long_stays_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 0.0, *([highlighting._SECONDS + 0.1] * 20)])  # too long after some tokens
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))

    assert highlighting.highlight("if 1: pass\n", "python") == ""


def test_code_that_gives_nothing_to_be_timed_stays_plain() -> None:
    assert highlighting.highlight("<" * 30 + "\n", "TNT") == ""


def test_code_of_long_lines_and_very_much_code_stays_plain() -> None:
    assert highlighting.highlight("x = 1;" * 200, "c") == ""
    assert "<span" not in on_page("```c\n" + "int x;\n" * 10_000 + "```")


def test_what_may_scroll_can_be_reached_by_keyboard_on_the_page() -> None:
    found = rendered("    code\n\n```\ncode\n```\n\n|a|\n|-|\n|b|")

    assert re.findall(r"<(?:pre|table)[^>]*>", found.html) == ['<pre tabindex="0">'] * 2 + ['<table tabindex="0">']
    assert "tabindex" not in found.feed_html


# --- bounds ---


@pytest.mark.parametrize("unit", ["://", "http://", "http://a.b/(", "a@", '"', "\"a '", "- [ ] a\n", "# a\n", "<code>"])
def test_signs_without_end_take_no_time_without_end(unit: str) -> None:
    start = time.thread_time()

    to_html(unit * (50_000 // len(unit)), "en")

    assert time.thread_time() - start < 5  # a rule that is quadratic takes ten seconds and more
