"""Names of an XHTML page: what an XML parser would take for a link."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.thoughts.source.links import read
from feedserver.thoughts.source.namespaces import without_other_names
from feedserver.thoughts.source.xhtml import as_html
from tests.hostile.pages import MEBI, fill

POST = "http://me.example/posts/one"
A = f'<a href="{POST}">link</a>'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
LINKS = {
    "lower case": f"<html {XHTML}>{A}</html>",
    "no namespace": f"<html>{A}</html>",
    "capitals in values": f"<html {XHTML}><a title=\"A HREF='x'\" href='{POST}' class='B'>link</a></html>",
    "after an element of others": f'<html {XHTML}><b xmlns="urn:x">no</b>{A}</html>',
    "after elements of others within each other": f'<html {XHTML}><b xmlns="urn:x"><b>no</b></b>{A}</html>',
    "after an empty element of others": f'<html {XHTML}><b xmlns="urn:x"/>{A}</html>',
    "back within an element of others": f'<html {XHTML}><x xmlns="urn:x"><p {XHTML}>{A}</p></x></html>',
    "after a namespace in a comment": f'<html {XHTML}><!-- <html xmlns="urn:x"> -->{A}</html>',
    "after a namespace in text": f'<html {XHTML}><![CDATA[<p xmlns="urn:x">]]>{A}</html>',
    "after a namespace in a value": f"<html {XHTML}><p title=' xmlns=\"urn:x\"'>{A}</p></html>",
    "prefix within others": f'<x xmlns="urn:x" xmlns:H="http://www.w3.org/1999/xhtml"><H:a href="{POST}">y</H:a></x>',
    "SVG": f'<html {XHTML}><svg xmlns="http://www.w3.org/2000/svg"><a xlink:href="{POST}">x</a></svg></html>',
}
NO_LINKS = {
    "element in capitals": f'<html {XHTML}><A href="{POST}">link</A></html>',
    "attribute in capitals": f'<html {XHTML}><a HREF="{POST}">link</a></html>',
    "both": f'<html {XHTML}><A HREF="{POST}">link</A></html>',
    "prefix and capitals": f'<h:p xmlns:h="http://www.w3.org/1999/xhtml"><h:A href="{POST}">link</h:A></h:p>',
    "namespace of others": f'<html {XHTML}><a xmlns="urn:x" href="{POST}">link</a></html>',
    "no namespace any more": f'<html {XHTML}><a xmlns="" href="{POST}">link</a></html>',
    "within an element of others": f'<html {XHTML}><p xmlns="urn:x"><p>x</p>{A}</p></html>',
    "root of others": f"<html xmlns='urn:x'>{A}</html>",
    "others that close themselves": f'<html {XHTML}><link xmlns="urn:x" href="{POST}"/></html>',
}


def urls(page: str) -> list[str]:
    return [link.url for link in read(as_html(without_other_names(page)), "http://blog.example/").links]


@pytest.mark.parametrize("page", LINKS.values(), ids=LINKS)
def test_an_element_of_xhtml_is_a_link(page: str) -> None:
    assert urls(page) == [POST]


@pytest.mark.parametrize("page", NO_LINKS.values(), ids=NO_LINKS)
def test_another_element_is_no_link(page: str) -> None:
    assert urls(page) == []


def test_text_stays_as_it_is() -> None:
    page = f"<html {XHTML}><P Class='A'>Words <![CDATA[<A HREF>]]> <!-- <B> --></P></html>"

    assert without_other_names(page) == f"<html {XHTML}><x x='A'>Words <![CDATA[<A HREF>]]> <!-- <B> --></x></html>"


HOSTILE = [
    "<!--",
    "<![CDATA[",
    "<A>",
    "<a B=''>",
    "<a '",
    "<a '\"",
    "<a xmlns='x'>",
    "<a xmlns=''></a>",
    "<a A ",
    "<a xmlns" + " " * 1000,
    "A" * 1000 + " ",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("before", ["", "<a ", "<a xmlns="])
def test_any_page_takes_linear_time_and_grows_no_longer(pattern: str, before: str) -> None:
    page = before + fill(pattern)[: MEBI // 4]
    begun = time.process_time()

    assert len(without_other_names(page)) <= len(page)
    assert time.process_time() - begun < 0.5


@given(st.text(alphabet="<>/!-[]CDATA&;'\"ab =xmlns:\n?"))
def test_anything_is_read(text: str) -> None:
    assert len(without_other_names(text)) <= len(text)
