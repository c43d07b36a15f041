"""Bounds on the work of parsing a body."""

import time
from contextlib import suppress

import pytest

from feedserver.errors import InvalidDocument
from feedserver.posts.nesting import check
from tests.posts.builders import rendered

PERMALINK = "http://blog.example/posts/hello"
BS = "".join(f"<b id={i}>" for i in range(90))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 101,
        "<b>" * 101 + "x" + "</b>" * 101,
        "".join(f"<i id={i}></x>" for i in range(101)),
        "".join(f"<div><i id={i}></div>" for i in range(101)),
        "<blockquote>" * 101,
        "<ul><li>" * 101,
        "<svg>" + "<g>" * 101,
    ],
    ids=["blocks", "formatting", "stray end tags", "left open in blocks", "quotes", "lists", "svg"],
)
def test_elements_that_are_nested_too_deep_are_refused_in_one_line(html: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^body: has elements nested more than 100 deep[^\n]*$"):
        check(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100,
        "<div>x</div>" * 5_000,
        "<p>x" * 5_000,
        "<ul>" + "<li>x" * 5_000 + "</ul>",
        "<table>" + "<tr><td>x" * 5_000,
        "x<br>" * 5_000,
        '<a name="1">' * 500,
        "<svg>" + '<path d="M0 0"/>' * 500 + "</svg>",
        "</div>" * 500,
        "<p><b>x</b> <i>y</i></p>" * 5_000,
        "<div><b>x</div></b>" * 500,
    ],
    ids=["100", "siblings", "p", "li", "tr", "br", "anchors", "paths", "end tags", "emphasis", "crossed"],
)
def test_what_is_long_but_flat_is_taken(html: str) -> None:
    check(html)


@pytest.mark.parametrize(
    "html", [f"<p>{BS}" + "<p>x" * 6_000, f"<div>{BS}" + "<div>x</div>" * 3_000], ids=["paragraphs", "blocks"]
)
def test_elements_left_open_over_thousands_of_blocks_are_refused(html: str) -> None:
    with pytest.raises(InvalidDocument, match="has elements such as <b> open"):
        check(html)


@pytest.mark.parametrize(
    "body",
    [
        "<div>\n" + "<link " * 40_000,
        "<div>\n" + '<sup class="footnote-ref">' * 10_000,
        "<div>\n" + "".join(f"<i id={i}></x>" for i in range(20_000)),
        f"<div>\n<p>{BS}" + "<p>x" * 20_000,
        f"<div>\n{BS}" + "</p>" * 20_000,
        "&#" * 20_000,
        "> " * 20_000,
        "[" * 10_000,
        "*a **a " * 3_000,
        "<img srcset='" + "a," * 100_000 + "'>",
        "|" * 1_000 + "\n" + "|-" * 1_000 + "|\n" + "|a\n" * 10_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_hostile_bodies_take_no_longer_than_ordinary_ones(body: str) -> None:
    started = time.process_time()
    with suppress(InvalidDocument):
        rendered(body)

    assert time.process_time() - started < 5  # it takes a second at most; quadratic algorithms took minutes
