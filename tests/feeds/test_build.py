"""Posts and thoughts as feeds: stable ids, titles, default authors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedserver.feeds.build import TTL, Builder
from feedserver.feeds.model import Category, InReplyTo, Person, Replies
from feedserver.feeds.pagination import Extent
from feedserver.feeds.scopes import FeedAddress, Format
from feedserver.posts.model import Enclosure, Post
from feedserver.settings import SiteSettings
from feedserver.storage.revision import Site
from feedserver.thoughts.model import Thought
from feedserver.urls import Urls

BASE = "https://blog.example/home"
URLS = Urls(BASE)
BORN = datetime(2020, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SITE = Site("urn:uuid:6f1c2a52-7f0e-4f2b-9f39-4ad1c9ab0d10", 7, BORN)
SETTINGS = SiteSettings(url=BASE, title="Example", description="On things", author="Ann Author", language="en")
BUILDER = Builder(URLS, SETTINGS, SITE)
FORMATS: list[Format] = ["rss", "atom", "json"]
EXTENT = Extent(entries=2, size=20)


def a_post(number: int = 1, **changes: Any) -> Post:
    values = dict.fromkeys(Post.__dataclass_fields__, "") | {
        "id": number,
        "guid": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "slug": f"post-{number}",
        "title": f"Post {number}",
        "feed_html": "<p>All the words.</p>",
        "html": "<p onclick=x>All the words.</p>",
        "excerpt": "All the words.",
        "summary": None,
        "image": None,
        "lang": "en",
        "state": "published",
        "published_at": NOON - timedelta(days=number),
        "updated_at": NOON - timedelta(days=number, hours=-1),
        "created_at": NOON,
        "pings_open": True,
        "comments_open": True,
        "tags": (),
        "authors": (),
        "enclosures": (),
        "atom_id": None,
    }
    return Post(**values | changes)


def a_thought(number: int = 1, **changes: Any) -> Thought:
    values: dict[str, Any] = dict.fromkeys(Thought.__dataclass_fields__, "") | {
        "id": number,
        "guid": f"urn:uuid:11111111-0000-4000-8000-{number:012}",
        "post_id": 1,
        "kind": "pingback",
        "source": "https://other.example/a?b=1&c=2",
        "author_name": "The Far Shore",
        "author_url": "https://other.example/",
        "excerpt": "[…] words & <more> […]",
        "received_at": NOON + timedelta(hours=number),
        "updated_at": NOON + timedelta(hours=number),
    }
    return Thought(**values | changes)


def address(scope: str, fmt: Format = "atom", name: str = "") -> FeedAddress:
    return FeedAddress(scope, fmt, name)


@pytest.mark.parametrize(
    ("scope", "name", "title", "page", "document"),
    [
        ("site", "", "Example", "/", "/feed.atom"),
        ("tag", "a/b", "a/b – Example", "/tags/a%2Fb", "/tags/a%2Fb/feed.atom"),
        ("author", "Bo & Co", "Bo & Co – Example", "/authors/Bo%20%26%20Co", "/authors/Bo%20%26%20Co/feed.atom"),
    ],
    ids=["site", "tag", "author"],
)
def test_a_feed_of_posts_has_title_author_and_addresses(
    scope: str, name: str, title: str, page: str, document: str
) -> None:
    feed = BUILDER.posts(address(scope, name=name), EXTENT, [a_post(1), a_post(2)], {})

    assert (feed.title, feed.description, feed.language) == (title, "On things", "en")
    assert (feed.page_url, feed.self_url) == (BASE + page, BASE + document)
    assert feed.author == Person("Ann Author", f"{BASE}/authors/Ann%20Author")
    assert feed.updated == a_post(1).updated_at
    assert feed.ttl == TTL
    assert [entry.id for entry in feed.entries] == [a_post(1).guid, a_post(2).guid]


def test_a_site_without_a_description_is_described_by_its_title() -> None:
    bare = Builder(URLS, replace(SETTINGS, description=""), SITE)

    assert bare.posts(address("site"), EXTENT, [], {}).description == "Example"


def test_a_feed_without_entries_is_as_old_as_the_site() -> None:
    assert BUILDER.posts(address("site"), EXTENT, [], {}).updated == BORN
    assert BUILDER.thoughts(address("thoughts"), EXTENT, [], {}).updated == BORN


def test_the_feed_of_a_post_without_thoughts_is_as_old_as_the_post() -> None:
    feed = BUILDER.thoughts(address("post", name="post-1"), EXTENT, [], {1: a_post(lang="ar")})

    assert (feed.updated, feed.language) == (a_post().published_at, "ar")


def test_a_feed_has_one_id_in_all_formats_and_no_other_feed_has_it() -> None:
    post = {1: a_post()}
    ids = [
        {BUILDER.posts(address("site", fmt), EXTENT, [], {}).id for fmt in FORMATS},
        {BUILDER.posts(address("tag", fmt, "sea"), EXTENT, [], {}).id for fmt in FORMATS},
        {BUILDER.posts(address("author", fmt, "sea"), EXTENT, [], {}).id for fmt in FORMATS},
        {BUILDER.thoughts(address("thoughts", fmt), EXTENT, [], {}).id for fmt in FORMATS},
        {BUILDER.thoughts(address("post", fmt, "post-1"), EXTENT, [], post).id for fmt in FORMATS},
    ]

    assert [len(same) for same in ids] == [1] * 5
    assert len(set.union(*ids)) == 5
    assert all(name.startswith("urn:uuid:") for name in set.union(*ids))


def test_ids_outlive_a_move_of_the_site_and_a_new_slug() -> None:
    moved = Builder(Urls("https://elsewhere.example"), replace(SETTINGS, title="New", author="Ben"), SITE)

    named = [("site", ""), ("tag", "sea"), ("author", "Ann")]
    for scope, name in named:
        before = BUILDER.posts(address(scope, name=name), EXTENT, [a_post()], {})
        after = moved.posts(address(scope, name=name), EXTENT, [a_post(slug="called-otherwise")], {})
        assert (after.id, after.entries[0].id) == (before.id, before.entries[0].id)
    before = BUILDER.thoughts(address("post", name="post-1"), EXTENT, [a_thought()], {1: a_post()})
    after = moved.thoughts(address("post", name="next"), EXTENT, [a_thought()], {1: a_post(slug="next")})
    assert (after.id, after.entries[0].id) == (before.id, before.entries[0].id)


def test_an_entry_has_all_fields_of_its_post() -> None:
    file = Enclosure("https://media.example/a.mp3", "audio/mpeg", 12)
    post = a_post(
        tags=("sea", "a/b"), authors=("Ann", "Ben"), enclosures=(file,), summary="In short.", image=f"{BASE}/p.png"
    )

    (entry,) = BUILDER.posts(address("site"), EXTENT, [post], {1: (2, NOON)}).entries

    assert (entry.title, entry.url, entry.lang) == ("Post 1", f"{BASE}/posts/post-1", "en")
    assert (entry.html, entry.summary, entry.image) == (post.feed_html, "In short.", f"{BASE}/p.png")
    assert (entry.published, entry.updated) == (post.published_at, post.updated_at)
    assert entry.authors == (Person("Ann", f"{BASE}/authors/Ann"), Person("Ben", f"{BASE}/authors/Ben"))
    assert entry.categories == (Category("sea", f"{BASE}/tags/sea"), Category("a/b", f"{BASE}/tags/a%2Fb"))
    assert entry.enclosures == (file,)
    here = f"{BASE}/posts/post-1"
    assert entry.replies == Replies(2, f"{here}#thoughts", f"{here}/thoughts.rss", f"{here}/thoughts.atom", NOON)


def test_missing_fields_of_a_post_get_defaults() -> None:
    (entry,) = BUILDER.posts(address("site"), EXTENT, [a_post(title="")], {}).entries

    assert entry.title == ""
    assert entry.summary == "All the words."
    assert entry.authors == (Person("Ann Author", f"{BASE}/authors/Ann%20Author"),)
    assert entry.replies is not None
    assert (entry.replies.count, entry.replies.updated) == (0, None)


def test_a_pingback_is_an_entry_that_answers_its_post() -> None:
    (entry,) = BUILDER.thoughts(address("thoughts"), EXTENT, [a_thought(5)], {1: a_post()}).entries

    assert entry.id == a_thought(5).guid
    assert entry.url == f"{BASE}/posts/post-1#thought-5"
    assert entry.title == "The Far Shore on “Post 1”"
    assert (entry.summary, entry.html) == ("[…] words & <more> […]", "<p>[…] words &amp; &lt;more&gt; […]</p>")
    assert (entry.kind, entry.external_url) == ("pingback", "https://other.example/a?b=1&c=2")
    assert entry.authors == (Person("The Far Shore", "https://other.example/"),)
    assert entry.in_reply_to == InReplyTo(a_post().guid, f"{BASE}/posts/post-1", f"{BASE}/feed.atom")


def test_a_comment_keeps_its_paragraphs_and_needs_no_page_of_its_author() -> None:
    comment = a_thought(kind="comment", source=None, author_name="Bob", author_url="", excerpt="One <b>\ntwo\n\nthree")

    (entry,) = BUILDER.thoughts(address("thoughts"), EXTENT, [comment], {1: a_post()}).entries

    assert entry.html == "<p>One &lt;b&gt;<br>two</p><p>three</p>"
    assert (entry.kind, entry.external_url, entry.authors) == ("comment", None, (Person("Bob", None),))


def test_addresses_of_strangers_are_written_in_ascii() -> None:
    thought = a_thought(source="https://bücher.example/é", author_url="http://ü.example/ä b")

    (entry,) = BUILDER.thoughts(address("thoughts"), EXTENT, [thought], {1: a_post()}).entries

    assert entry.external_url == "https://xn--bcher-kva.example/%C3%A9"
    assert entry.authors[0].url == "http://xn--tda.example/%C3%A4%20b"


def test_long_titles_are_cut_within_other_titles() -> None:
    post = a_post(title="word " * 100)
    feed = BUILDER.thoughts(address("post", name="post-1"), EXTENT, [a_thought()], {1: post})

    assert feed.title.startswith("Thoughts on “word word")
    assert feed.title.endswith("word…” – Example")
    assert feed.entries[0].title.endswith("word…”")
    assert len(feed.title) < 120


def test_in_titles_of_thoughts_a_post_without_a_title_is_named_by_its_first_words() -> None:
    feed = BUILDER.thoughts(address("post", name="post-1"), EXTENT, [a_thought()], {1: a_post(title="")})

    assert feed.title == "Thoughts on “All the words.” – Example"
    assert feed.entries[0].title == "The Far Shore on “All the words.”"


def test_only_the_newest_document_of_a_list_that_fits_into_it_is_complete() -> None:
    fits, does_not = Extent(entries=20, size=20, archives=1), Extent(entries=21, size=20, archives=1)

    assert BUILDER.posts(address("site"), fits, [a_post()], {}).complete
    assert not BUILDER.posts(address("site").page(1), fits, [a_post()], {}).complete
    assert not BUILDER.posts(address("site").archive(1), fits, [a_post()], None).complete
    assert not BUILDER.posts(address("site"), does_not, [a_post()], {}).complete


def test_an_archive_is_marked_lasts_a_day_and_counts_no_thoughts() -> None:
    feed = BUILDER.posts(address("site").archive(1), Extent(entries=21, size=20, archives=1), [a_post()], None)

    assert (feed.archive, feed.ttl) == (True, 86_400)
    replies = feed.entries[0].replies
    assert replies is not None
    assert (replies.count, replies.updated) == (None, None)
