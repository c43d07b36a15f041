"""XHTML read as HTML: what an XML parser would see."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.thoughts.source.excerpt import excerpts
from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.xhtml import as_html, is_declared, is_xhtml
from tests.hostile.pages import fill

POST = "http://me.example/posts/one"
A = f'<a href="{POST}">link</a>'
SEEN = "[…] words before link words after […]"
PAGES = {
    "script that closes itself": f'<script src="a.js"/><p>words before {A} words after</p>',
    "with a blank": f'<script src="a.js" /><p>words before {A} words after</p>',
    "over two lines": f'<script\nsrc="a>b.js"\n/><p>words before {A} words after</p>',
    "title": f"<title/><p>words before {A} words after</p>",
    "textarea": f"<p>words <textarea name='x'/>before {A} words after</p>",
    "style, iframe, noscript, xmp": f"<style/><iframe/><noscript/><xmp/><p>words before {A} words after</p>",
    "div": f"<p>no</p><div class='x'/><p>words before {A} words after</p><div id='y'/><p>no</p>",
    "anchor": f"<p>words before <a id='here'/>{A} words after</p>",
    "void elements": f"<p>words<br/>before {A} words<img src='x' alt='no'/> after</p>",
    "CDATA": f"<p><![CDATA[words]]> before {A} words <![CDATA[after]]></p>",
    "script in CDATA": f"<script><![CDATA[ '</script><p>no' ]]></script><p>words before {A} words after</p>",
    "tags in a comment": f"<!-- <script/> <![CDATA[ --><p>words before {A} words after</p>",
    "an element is named like a void one": f"<col-x/><p>words before {A} words after</p>",
    "prefix": (
        '<h:html xmlns:h="http://www.w3.org/1999/xhtml">'
        f'<h:p>words before <h:a href="{POST}">link</h:a> words after</h:p></h:html>'
    ),
    "definitions": f'<!DOCTYPE html [ <!ENTITY x "<p>no</p>"> ]><p>words before {A} words after</p>',
    "not well-formed": f'<p>words before <b>{A} words after</p><script src="a.js"/><div>',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_xhtml_is_read_by_the_rules_of_xml(page: str) -> None:
    found = read(as_html(page), "http://blog.example/")

    (link,) = [link for link in found.links if link.url == POST]
    assert [excerpt.text for excerpt in excerpts(found, [link])] == [SEEN]


def test_text_in_a_cdata_section_is_no_markup() -> None:
    found = read(as_html(f"<p><![CDATA[{A} & &amp;]]></p>"), "http://blog.example/")

    assert not found.links
    assert "&amp;amp;" in found.text


@pytest.mark.parametrize("content_type", ["application/xhtml+xml", "Application/XHTML+xml ; charset=utf-8"])
def test_the_type_says_what_is_xhtml(content_type: str) -> None:
    assert is_xhtml(content_type)


@pytest.mark.parametrize("content_type", ["", "text/html", "text/html; x=application/xhtml+xml"])
def test_other_types_do_not(content_type: str) -> None:
    assert not is_xhtml(content_type)


def test_an_xml_declaration_says_it_too() -> None:
    assert is_declared("\ufeff\n<?xml version='1.0'?><html/>")
    assert not is_declared("<html><?xml version='1.0'?></html>")


HOSTILE = [
    "<!--",
    "<![CDATA[",
    "<!DOCTYPE [",
    "<!DOCTYPE []",
    "<a '",
    "<a '\"",
    "<a '\"'",
    "<a /",
    "<a/>",
    "<a b='/>",
    "&]]>",
    "<![CDATA[" + "&" * 90_000 + "]]>",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("before", ["", "<a ", "<![CDATA["])
def test_any_page_takes_linear_time_and_at_most_doubles(pattern: str, before: str) -> None:
    page = fill(before + pattern)
    begun = time.process_time()

    assert len(as_html(page)) <= 2 * len(page)
    assert time.process_time() - begun < 1


@given(st.text(alphabet="<>/!-[]CDATA&;'\"ab =x\n?"))
def test_anything_is_read(text: str) -> None:
    read(as_html(text), "http://blog.example/")
