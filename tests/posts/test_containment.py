"""The mistakes in an author's HTML do not reach what stands around it on the page."""

import shutil
from pathlib import Path

import mf2py
import pytest
from flask.testing import FlaskClient

from tests.pages.builders import elements
from tests.posts.builders import rendered
from tests.support.fixtures import Publish

LINK = "[there](https://their.example/)"
MISTAKES = {
    "an element left open": f"<div>\n\n{LINK}",
    "an end tag too many": f"x\n\n</div>\n\n{LINK}",
    "the end of the page's parts": f"x\n\n</article></main></body></html>\n\n{LINK}",
    "a comment left open": f"{LINK}\n\n<!-- to do",
    "bold left open": f"<p><b>bold\n\n{LINK}",
    "a table left open": f"{LINK}\n\n<table><tr><td>",
    "a form left open": f"{LINK}\n\n<form action=/x>",
    "a script left open": f"{LINK}\n\n<script>x",
    "a text area left open": f"{LINK}\n\n<textarea>",
    "a choice left open": f"{LINK}\n\n<select><option>",
    "a template left open": f"{LINK}\n\n<template><p>",
    "a drawing left open": f"{LINK}\n\n<svg><g>",
    "plain text": f"{LINK}\n\n<plaintext>",
    "an attribute left open": f'{LINK}\n\n<div title="x>',
}


@pytest.fixture
def database_url(prepared_sqlite: Path, tmp_path: Path) -> str:
    """One kind is enough: nothing here depends on the database."""
    return f"sqlite:///{shutil.copy(prepared_sqlite, tmp_path / 'site.sqlite3')}"


@pytest.mark.parametrize("body", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_stays_within_the_text(body: str) -> None:
    page = (
        '<main><article class="h-entry"><a class="u-url" href="/p">p</a>'
        f'<div class="e-content">{rendered(body).html}</div>'
        '<p class="p-category">c</p><ol><li class="u-comment h-cite"><a class="u-url" href="https://c.example/">c</a>'
        "</ol></article></main><form id=comment><button>b</button></form>"
    )

    (entry,) = mf2py.parse(doc=page, url="https://blog.example/p")["items"]

    content = entry["properties"].pop("content")[0]["html"]
    assert 'href="https://their.example/"' in content
    assert "p-category" not in content
    assert [entry["properties"]["category"], entry["properties"]["url"]] == [["c"], ["https://blog.example/p"]]
    assert [cite["properties"]["url"] for cite in entry["properties"]["comment"]] == [["https://c.example/"]]
    assert [form.text for form in elements(page, "body > form#comment")] == ["b"]


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<p>b",
        "<ul><li>a<li>b</ul>",
        "<table><tr><td>a<td>b</table>",
        "<div class=mine><b><i>x</b></i></div>",
        "<p><br><img src=a.png></p>",
        "<details><summary>s</summary>d</details>",
        "<!-- done -->",
        "<p><svg><path d='M0 0'/></svg></p>",
    ],
)
def test_what_is_no_mistake_stands_as_the_author_wrote_it(html: str) -> None:
    assert rendered(html).html.strip() == html


def test_thoughts_and_form_stand_below_a_post_that_forgets_to_end_a_comment(
    client: FlaskClient, publish: Publish
) -> None:
    publish("A post", "Words.\n\n<!-- to do", slug="a-post")

    page = client.get("/posts/a-post").text

    assert len(elements(page, "main > article > #thoughts-section")) == 1
    assert len(elements(page, "#comment-form form")) == 1
