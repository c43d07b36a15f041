"""Changes of Markdown that leave code and all other bytes alone."""

import re

import pytest

from feedserver.transfer.formats.markdown_source import substituted, with_addresses

MARK = re.compile("==")


def marked(text: str, html: bool = False) -> str:
    return substituted(MARK, lambda _: "!!", text, "html" if html else "markdown")


@pytest.mark.parametrize(
    "code",
    [
        "`==`",
        "`` ` == ``",
        "`a\n==`",
        "    ==",
        "\t==",
        "```\n==\n```",
        "~~~ text\n==\n\n==\n~~~",
        "```\n== never closed",
        "> ```\n> ==\n> ```",
        "- item\n\n      ==",
        "- ```\n  ==\n  ```",
        "<pre>\n==\n\n==</pre>",
        "Raw <code>==</code>.",
        "<!-- == -->",
        "| a | b |\n|---|---|\n| `==` | `==` |",
        r"\\`==`",
        r"`\`==`",
    ],
)
def test_code_stays_as_it_is(code: str) -> None:
    if code == r"`\`==`":  # a backslash escapes nothing within code, which ends before the marks
        assert marked(code) == r"`\`!!`"
    else:
        assert marked(f"== before\n\n{code}\n") == f"!! before\n\n{code}\n"


@pytest.mark.parametrize(
    "text",
    [
        "`==",
        r"\`==`",
        "``==`",
        "`a\n\n==`",
        "text\n    ==",
        '<a title="`">==`</a>',
        "<pre>==",
        "- ==\n\n  ==",
        "```==````",
    ],
)
def test_what_only_looks_like_code_is_changed(text: str) -> None:
    assert marked(text) == text.replace("==", "!!")


def test_in_html_only_elements_are_code() -> None:
    assert marked("    == `==` <pre>==</pre> ==", html=True) == "    !! `!!` <pre>==</pre> !!"


def test_code_in_elements_within_code_is_found_once() -> None:
    assert marked("`<pre>` == `</pre>` ==") == "`<pre>` !! `</pre>` !!"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a](b)", "[a](/x/b)"),
        ("![a](b 'title')", "![a](/x/b 'title')"),
        ("[a]( <b c> )", "[a]( /x/b%20c )"),
        ("[a](b(c)d)", "[a](/x/b(c)d)"),
        ("[`a`](b)", "[`a`](/x/b)"),
        ("[![a](b)](c)", "[![a](/x/b)](/x/c)"),
        ("[a]: b 'title'", "[a]: /x/b 'title'"),
        ("[a]:\n  <b>", "[a]:\n  /x/b"),
        ('<img alt="b" src="b">', '<img alt="b" src="/x/b">'),
        ("<a\n href='b'>c</a>", '<a\n href="/x/b">c</a>'),
        ("<img src=b>", '<img src="/x/b">'),
        ('<img srcset="b 1x, c 2x">', '<img srcset="/x/b 1x, /x/c 2x">'),
        ('<a href="b?c&amp;d">', '<a href="/x/b?c&amp;d">'),
        (r"[a\](b)", r"[a\](b)"),
        ("[^a]: b", "[^a]: b"),
        ("[a](b c)", "[a](b c)"),
        ("`[a](b)`", "`[a](b)`"),
        ("<code>[a](b)</code>", "<code>[a](b)</code>"),
        ("[a](#b) [c][b]", "[a](#b) [c][b]"),
    ],
)
def test_addresses_are_found_where_markdown_and_html_have_them(before: str, after: str) -> None:
    assert with_addresses(before, lambda url: url if url[0] == "#" else f"/x/{url.replace(' ', '%20')}") == after


def test_an_address_that_stays_leaves_its_spelling() -> None:
    text = "[a]( <b> ) <img src='c'> <img src = d>"

    assert with_addresses(text, str) == text


def test_words_of_an_attribute_are_no_address() -> None:
    tag = '<a title="as src=x.png says" href="{}">'

    assert with_addresses(tag.format("y.md"), lambda _: "/z") == tag.format("/z")


@pytest.mark.parametrize(
    "text",
    [
        "`" * 400_000,
        "".join("`" * n + " " for n in range(1, 800)),
        "<pre>" * 80_000,
        "<!--" * 100_000,
        "[a](" * 100_000,
        "[a](" + "(" * 400_000,
        "[" * 400_000,
        "<a " * 130_000,
        "<a href=" * 50_000,
        "\\" * 400_000,
        "`a <b " * 60_000,
        ("[" + "a" * 290 + "\n") * 1000,
    ],
    ids=lambda text: text[:6],
)
@pytest.mark.timeout(20)
def test_a_long_text_takes_linear_time(text: str) -> None:
    with_link = f"[a](b)\n\n{text}"

    assert with_addresses(with_link, str) == with_link
