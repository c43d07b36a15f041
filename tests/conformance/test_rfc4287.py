"""Atom 1.0: what RFC 4287 asks of a document, read from one that holds everything we write.

The numbers are the RFC's sections. RFC 4685 (threading) and RFC 5005 (history) add a few at the end.
"""

import re
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from lxml import etree

from feedserver.feeds.model import FeedLink, Person
from feedserver.feeds.syndication import atom
from tests.feeds.builders import SITE, a_feed, a_full_entry, a_thought, an_entry

A = "{http://www.w3.org/2005/Atom}"
THR = "{http://purl.org/syndication/thread/1.0}"
FH = "{http://purl.org/syndication/history/1.0}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FEED = a_feed(
    a_full_entry(9),
    an_entry(8, title="a </b> &amp; c", lang="de", authors=tuple(Person(f"Author {n}") for n in range(10))),
    an_entry(7, html="", title=""),
    an_entry(6, summary="", html="<img src='https://blog.example/i.png' alt=''>"),
    an_entry(5, authors=()),
    a_thought(4),
    a_thought(3, kind="comment", html="<p>Well said</p>", external_url=None),
    an_entry(2, html="", summary=""),
    title="The <b>blog</b>",
    links=(
        FeedLink("first", f"{SITE}/feed.atom"),
        FeedLink("next", f"{SITE}/feed.atom?page=2", "application/atom+xml"),
    ),
)
DOCUMENTS = {"everything": atom(FEED), "no entries": atom(a_feed()), "no description": atom(a_feed(description=""))}


@pytest.fixture(params=DOCUMENTS.values(), ids=list(DOCUMENTS))
def feed(request):
    return etree.fromstring(request.param)


@pytest.fixture
def entries():
    return etree.fromstring(DOCUMENTS["everything"]).findall(A + "entry")


def counted(element):
    return Counter(child.tag.removeprefix(A) for child in element)


def test_section_2_the_root_is_a_feed_in_the_atom_namespace_and_names_its_language(feed):
    assert feed.tag == A + "feed"
    assert feed.get(XML_LANG) == "en"


def test_section_2_all_iris_are_absolute_so_that_no_base_is_needed(feed):
    found = [e.get("href") for e in feed.iter(A + "link")] + [e.text for e in feed.iter(A + "uri")]

    assert all(urlsplit(iri).scheme == "https" and urlsplit(iri).netloc for iri in found)


def test_section_3_1_text_constructs_are_declared_text_or_escaped_html_without_children(feed):
    for construct in feed.iter(A + "title", A + "subtitle", A + "summary"):
        assert construct.get("type") == ("html" if construct.tag == A + "summary" else "text")
        assert len(construct) == 0


def test_section_3_2_a_person_has_one_name_that_is_not_blank_and_at_most_one_uri(feed):
    for person in feed.iter(A + "author"):
        assert counted(person)["name"] == 1
        assert person.findtext(A + "name").strip()
        assert set(counted(person)) <= {"name", "uri"}


def test_section_3_3_dates_are_rfc_3339_with_an_upper_case_t_and_a_zone(feed):
    for date in feed.iter(A + "updated", A + "published"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", date.text)
        assert datetime.fromisoformat(date.text).tzinfo


def test_section_4_1_1_a_feed_has_one_id_title_and_updated_and_no_second_generator_or_subtitle(feed):
    found = counted(feed)

    assert [found[name] for name in ("id", "title", "updated")] == [1, 1, 1]
    assert all(found[name] <= 1 for name in ("generator", "icon", "logo", "rights", "subtitle"))


def test_section_4_1_1_a_feed_has_an_author(feed):
    assert counted(feed)["author"] >= 1


def test_section_4_1_1_a_feed_links_to_itself_and_has_one_alternate_of_a_type_and_language(feed):
    links = feed.findall(A + "link")

    assert sum(link.get("rel") == "self" for link in links) == 1
    assert _alternates(links) == Counter({("text/html", None): 1})


def test_section_4_1_1_metadata_comes_before_all_entries(feed):
    tags = [child.tag for child in feed]

    assert tags[len(tags) - tags.count(A + "entry") :] == [A + "entry"] * tags.count(A + "entry")


def test_section_4_1_2_an_entry_has_one_id_title_and_updated_and_at_most_one_of_the_rest(entries):
    for entry in entries:
        found = counted(entry)
        assert [found[name] for name in ("id", "title", "updated", "published")] == [1, 1, 1, 1]
        assert all(found[name] <= 1 for name in ("content", "summary", "rights", "source"))


def test_section_4_1_2_an_entry_has_one_alternate_link_of_a_type_and_language(entries):
    for entry in entries:
        assert _alternates(entry.findall(A + "link")) == Counter({("text/html", None): 1})


def _alternates(links):
    return Counter((link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate")


def test_section_4_1_2_an_entry_without_content_has_an_alternate_link_and_only_an_empty_body_has_neither(entries):
    written = [(counted(entry)["summary"], counted(entry)["content"]) for entry in entries]

    assert written == [(1, 1), (1, 1), (1, 0), (0, 1), (1, 1), (1, 0), (1, 1), (0, 0)]
    assert all(_alternates(entry.findall(A + "link")) for entry in entries)


def test_section_4_1_3_content_is_html_inline_and_escaped(entries):
    for content in (entry.find(A + "content") for entry in entries if entry.find(A + "content") is not None):
        assert dict(content.attrib) == {"type": "html"}
        assert len(content) == 0


def test_section_4_2_1_an_entry_without_authors_takes_the_feeds(entries):
    assert [len(entry.findall(A + "author")) for entry in entries] == [1, 10, 1, 1, 0, 1, 1, 1]


def test_section_4_2_2_a_category_has_a_term_and_an_absolute_scheme(entries):
    categories = [category for entry in entries for category in entry.findall(A + "category")]

    assert [category.get("term") for category in categories] == ["feeds", "old web"]
    assert all(urlsplit(category.get("scheme")).scheme == "https" for category in categories)


def test_section_4_2_6_ids_are_absolute_iris_that_no_two_share(entries, feed):
    ids = [feed.findtext(A + "id"), *(entry.findtext(A + "id") for entry in entries)]

    assert all(urlsplit(one).scheme in ("tag", "urn") for one in ids)
    assert len(set(ids)) == len(ids)


def test_section_4_2_7_links_are_empty_and_have_href_and_rel_and_media_types_of_two_parts(feed):
    for link in feed.iter(A + "link"):
        assert link.get("href")
        assert link.get("rel")
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", link.get("type", "text/html"))
        assert re.fullmatch(r"\d+", link.get("length", "0"))
        assert not len(link)
        assert not link.text


def test_section_4_2_12_the_self_link_is_where_the_document_is(feed):
    assert [link.get("href") for link in feed.findall(A + "link") if link.get("rel") == "self"] == [FEED.self_url]


def test_section_4_2_15_an_entry_is_never_updated_before_it_was_published(entries):
    for entry in entries:
        published, updated = (datetime.fromisoformat(entry.findtext(A + name)) for name in ("published", "updated"))
        assert published <= updated


def test_section_6_what_is_not_atoms_own_stands_in_a_namespace_of_its_own(feed):
    assert all(etree.QName(element).namespace for element in feed.iter(etree.Element))


def test_rfc_4685_section_3_a_reply_names_what_it_answers(entries):
    replies = [entry.find(THR + "in-reply-to") for entry in entries]

    assert [reply is not None for reply in replies] == [False] * 5 + [True] * 2 + [False]
    assert all(urlsplit(reply.get("ref")).scheme == "tag" for reply in replies if reply is not None)
    assert all({"href", "type", "source"} < set(reply.attrib) for reply in replies if reply is not None)


def test_rfc_4685_section_4_and_5_replies_links_carry_the_count_that_total_gives(entries):
    links = [link for link in entries[0].findall(A + "link") if link.get("rel") == "replies"]

    assert len(links) == 2
    assert {link.get(THR + "count") for link in links} == {entries[0].findtext(THR + "total")}
    assert all(link.get(THR + "updated").endswith("Z") for link in links)


def test_rfc_5005_section_3_paging_links_belong_to_the_feed_and_never_to_an_entry(entries):
    rels = {link.get("rel") for entry in entries for link in entry.findall(A + "link")}

    assert rels == {"alternate", "enclosure", "related", "replies"}


@pytest.mark.parametrize("mark", ["archive", "complete"])
def test_rfc_5005_sections_2_and_4_the_marks_are_empty_elements_of_the_feed(mark):
    root = etree.fromstring(atom(a_feed(an_entry(), **{mark: True})))

    [found] = root.findall(FH + mark)
    assert found.text is None
    assert len(found) == 0
