"""JSON Feed 1.1: what https://www.jsonfeed.org/version/1.1/ asks of a document, for one that holds all we write.

The words after `section` are the headings of that page.
"""

import json
import re
from urllib.parse import urlsplit

import pytest

from feedserver.feeds.jsonfeed import json_feed
from feedserver.feeds.model import FeedLink, Person
from tests.feeds.builders import SITE, a_feed, a_full_entry, a_thought, an_entry

FEED = a_feed(
    a_full_entry(9, lang="de", image="https://blog.example/i.png"),
    an_entry(8, title="", summary="", authors=tuple(Person(f"Author {n}") for n in range(10))),
    an_entry(7, html="", authors=()),
    an_entry(6, html="", summary="", title=""),
    a_thought(5),
    a_thought(4, kind="comment", html="<p>Well said</p>", external_url=None),
    links=(FeedLink("hub", "https://hub.example/"), FeedLink("prev-archive", f"{SITE}/archives/1.json")),
)
DOCUMENTS = {"everything": json_feed(FEED), "no entries": json_feed(a_feed())}
TOP_LEVEL = {
    "version": str,
    "title": str,
    "home_page_url": str,
    "feed_url": str,
    "description": str,
    "user_comment": str,
    "next_url": str,
    "icon": str,
    "favicon": str,
    "authors": list,
    "language": str,
    "expired": bool,
    "hubs": list,
    "items": list,
}
ITEM = {
    "id": str,
    "url": str,
    "external_url": str,
    "title": str,
    "content_html": str,
    "content_text": str,
    "summary": str,
    "image": str,
    "banner_image": str,
    "date_published": str,
    "date_modified": str,
    "authors": list,
    "tags": list,
    "language": str,
    "attachments": list,
}


@pytest.fixture(params=DOCUMENTS.values(), ids=list(DOCUMENTS))
def feed(request):
    return json.loads(request.param, object_pairs_hook=_without_doubles)


@pytest.fixture
def items():
    return json.loads(DOCUMENTS["everything"])["items"]


def _without_doubles(pairs):
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def objects(value):
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(child)


def test_section_top_level_it_is_one_object_in_utf_8_without_a_byte_order_mark():
    for document in DOCUMENTS.values():
        assert document.startswith(b"{")
        assert isinstance(json.loads(document.decode("utf-8")), dict)


def test_section_top_level_what_must_be_there_is_there(feed):
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert isinstance(feed["items"], list)


def test_section_top_level_only_known_members_of_the_right_types(feed):
    assert all(isinstance(value, TOP_LEVEL[name]) for name, value in feed.items())


def test_section_top_level_addresses_are_absolute(feed):
    for value in (found for one in objects(feed) for name, found in one.items() if name.endswith("url")):
        assert value is None or urlsplit(value).scheme == "https"


def test_section_top_level_the_retired_author_is_not_used(feed):
    assert not any("author" in one for one in objects(feed))


def test_section_top_level_hubs_have_a_type_and_a_url(items):
    assert json.loads(DOCUMENTS["everything"])["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]


def test_section_top_level_the_next_url_is_never_the_feed_url(feed):
    assert feed.get("next_url") != feed["feed_url"]


def test_section_items_only_known_members_of_the_right_types_and_one_extension(items):
    for item in items:
        known = {name: value for name, value in item.items() if name != "_feedserver" and value is not None}
        assert all(isinstance(value, ITEM[name]) for name, value in known.items())


def test_section_items_null_stands_only_for_the_source_of_a_comment(items):
    assert {(item["_feedserver"]["kind"], name) for item in items for name in item if item[name] is None} == {
        ("comment", "external_url")
    }


def test_section_items_ids_are_strings_that_no_two_share(items):
    assert len({item["id"] for item in items}) == len(items)


def test_section_items_there_is_always_exactly_one_content_and_only_an_empty_body_has_an_empty_one(items):
    contents = [[item[name] for name in ("content_html", "content_text") if name in item] for item in items]

    assert all(len(content) == 1 for content in contents)
    assert [bool(content) for [content] in contents] == [True, True, False, False, True, True]


def test_section_items_dates_are_rfc_3339_in_utc(items):
    for item in items:
        for name in ("date_published", "date_modified"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", item[name])


def test_section_items_tags_are_plain_text_that_is_not_blank(items):
    assert all(isinstance(tag, str) and tag.strip() for item in items for tag in item.get("tags", []))


def test_section_authors_an_author_has_at_least_a_name_or_a_url(feed):
    lists = [feed["authors"], *(item["authors"] for item in feed["items"] if "authors" in item)]

    assert all(author and set(author) <= {"name", "url", "avatar"} for authors in lists for author in authors)
    assert all(lists)


def test_section_attachments_have_an_address_a_type_and_a_size_that_is_a_number(items):
    for attachment in (one for item in items for one in item.get("attachments", [])):
        assert urlsplit(attachment["url"]).scheme == "https"
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", attachment["mime_type"])
        assert isinstance(attachment["size_in_bytes"], int)


def test_section_extensions_ours_is_an_object_whose_name_starts_with_an_underscore(feed):
    ours = [value for one in objects(feed) for name, value in one.items() if name.startswith("_")]

    assert all(isinstance(value, dict) for value in ours)
    assert all(re.fullmatch(r"_[A-Za-z]\w*", name) for one in objects(feed) for name in one if name.startswith("_"))
