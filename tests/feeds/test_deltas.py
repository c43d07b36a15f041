"""What is new since a version: entries cut out of documents as bytes."""

import pytest
from lxml import etree

from feedserver.feeds.deltas import asked_for, digests, since
from feedserver.feeds.syndication import atom, rss
from tests.feeds.builders import a_feed, a_full_entry, a_thought, an_entry
from tests.feeds.reading import parsed

FORMATS = {"rss": rss, "atom": atom}
NASTY = "<item> </item> <entry> </entry> <id>1</id> <guid>2</guid> ]]> <![CDATA[ &lt;/item&gt;"
ENTRIES = (
    a_full_entry(4, title=NASTY, summary=NASTY, html=f"<p>{NASTY}</p>".replace("<", "&lt;"), lang="de"),
    an_entry(3, html="", title=""),
    a_thought(2),
    an_entry(1),
)


@pytest.fixture(params=FORMATS)
def fmt(request):
    return request.param


def written(fmt, *entries, **given):
    return FORMATS[fmt](a_feed(*entries, **given))


def ids(document):
    return [entry.id for entry in parsed(document).entries]


def test_every_entry_is_found_whatever_stands_in_it(fmt):
    assert list(digests(fmt, written(fmt, *ENTRIES))) == [entry.id for entry in ENTRIES]


def test_a_document_without_entries_has_none(fmt):
    assert digests(fmt, written(fmt)) == {}


def test_json_has_no_deltas():
    assert digests("json", b'{"items":[{"id":"1"}]}') == {}


def test_a_delta_holds_what_is_new_and_what_looks_otherwise_and_nothing_else(fmt):
    known = digests(fmt, written(fmt, *ENTRIES[1:]))
    changed = written(fmt, ENTRIES[0], ENTRIES[1], an_entry(2.5), an_entry(1, title="Another title"))

    delta = since(fmt, changed, known)

    assert ids(delta) == [ENTRIES[0].id, an_entry(2.5).id, an_entry(1).id]


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_each_entry_alone_can_be_the_new_one_and_the_rest_of_the_document_is_the_same(fmt, number):
    whole = written(fmt, *ENTRIES)
    known = {one: digest for one, digest in digests(fmt, whole).items() if one != ENTRIES[number].id}

    assert since(fmt, whole, known) == written(fmt, ENTRIES[number])


def test_where_no_entry_is_new_there_is_no_delta(fmt):
    whole = written(fmt, *ENTRIES)

    assert since(fmt, whole, digests(fmt, whole)) is None
    assert since(fmt, written(fmt), {}) is None


def test_a_delta_never_says_that_it_is_complete(fmt):
    whole = written(fmt, *ENTRIES, complete=True)
    assert b"fh:complete" in etree.tostring(etree.fromstring(whole))

    delta = since(fmt, whole, digests(fmt, written(fmt, *ENTRIES[1:])))

    assert b"fh:complete" not in delta
    assert ids(delta) == [ENTRIES[0].id]


@pytest.mark.parametrize("value", ["feed", "FEED", "vcdiff, feed", "feed;q=0.5", "gzip, feed , diffe", " feed "])
def test_a_reader_asks_for_a_delta_by_naming_feed(value):
    assert asked_for(value)


@pytest.mark.parametrize(
    "value", [None, "", "vcdiff", "feeds", "x-feed", "refeed, diffe", "feed;q=0", "feed; q=0.0, gzip"]
)
def test_other_manipulations_are_not_deltas(value):
    assert not asked_for(value)
