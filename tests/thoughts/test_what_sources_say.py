"""What the h-entry of a source says, in the thought: docs/interface.md, “Webmentions that come in”."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from feedserver.errors import BadStatus
from feedserver.storage.schema import sources, thoughts
from feedserver.thoughts.moderation.actions import undo
from tests.thoughts.site import SOURCE, Site, SiteWith, Webmentioned, linking
from tests.thoughts.test_retention import clean

pytestmark = pytest.mark.one_database

DATE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SHARED = "http://bridge.example"
REPLY = "A reply of my own, in more words than forty letters."


def entry(target: str, kind: str = "u-in-reply-to", words: str = REPLY, who: str = "ann", link: str = "") -> str:
    """A page with an h-entry, whose link has no text if none is given."""
    return f"""<!doctype html><title>The page</title><article class="h-entry">
<a class="p-author h-card" href="http://social.example/@{who}">{who.title()}</a>
<time class="dt-published" datetime="2026-03-01T10:30:00+01:00">then</time>
<div class="e-content">{words}</div><a class="{kind}" href="{target}">{link}</a></article>"""


def say(site: Site, html: str, source: str = SOURCE) -> None:
    site.web.put(source, html)
    assert site.webmention(source, site.target).status == 201


def look_again(site: Site, html: str) -> None:
    site.web.put(SOURCE, html)
    site.run_next_job()


# --- webmentions and pingbacks of one pair ---


def test_a_webmention_says_what_its_entry_says(site: Site) -> None:
    say(site, entry(site.target, words="<p>One.</p><p>Two.</p>"))

    thought = site.only_thought()
    assert (thought.state, thought.response, thought.published_at) == ("shown", "reply", DATE)
    assert (thought.author_name, thought.author_url) == ("Ann", "http://social.example/@ann")
    assert (thought.title, thought.excerpt, thought.date) == ("", "One.\n\nTwo.", DATE)


def test_a_pingback_says_what_it_said_before(site: Site) -> None:
    site.web.put(SOURCE, entry(site.target, link="it"))
    assert site.ping(SOURCE, site.target).outcome == "registered"

    thought = site.only_thought()
    assert (thought.response, thought.published_at, thought.date) == (None, None, thought.received_at)
    assert (thought.author_name, thought.author_url) == ("The page", "http://other.example/")
    assert "it" in thought.excerpt


def test_a_webmention_of_a_page_without_an_entry_is_a_mention_with_the_excerpt(site: Site) -> None:
    say(site, linking(site.target))

    thought = site.only_thought()
    assert (thought.response, thought.author_name) == ("mention", "Other Blog")
    assert thought.excerpt == "[…] I read this post and liked it. […]"


def test_a_reply_that_marks_up_no_words_of_its_own_has_the_excerpt(site: Site) -> None:
    own = f'<p>On <a class="u-in-reply-to" href="{site.target}">this post</a>: well said, all of it.</p>'
    say(site, f'<article class="h-entry"><p class="p-author h-card">Ann</p>{own}</article>')

    thought = site.only_thought()
    assert (thought.response, thought.author_name) == ("reply", "Ann")
    assert thought.excerpt == "[…] On this post: well said, all of it. […]"


def test_a_mention_has_its_title_and_the_excerpt(site: Site) -> None:
    words = f'<p>On fog I read <a href="{site.target}">this post</a> and liked it.</p>'
    title = '<h1 class="p-name">A title</h1>'
    say(site, entry("http://c.example/", "u-syndication", words).replace("<time", title + "<time"))

    thought = site.only_thought()
    assert (thought.response, thought.title) == ("mention", "A title")
    assert thought.excerpt == "[…] On fog I read this post and liked it. […]"


def test_a_webmention_raises_what_a_pingback_said_and_no_pingback_lowers_it(site_with: SiteWith) -> None:
    site = site_with(limits_refetch=0)
    site.web.put(SOURCE, entry(site.target, link="it"))
    site.ping(SOURCE, site.target)

    site.webmention(SOURCE, site.target)
    site.run_jobs()
    assert (site.only_thought().response, site.only_thought().excerpt) == ("reply", REPLY)

    site.ping(SOURCE, site.target)
    site.run_jobs()
    assert (site.only_thought().response, site.only_thought().excerpt) == ("reply", REPLY)


def test_a_webmention_right_after_a_pingback_says_at_once_what_was_just_read(site: Site) -> None:
    site.web.put(SOURCE, entry(site.target, link="it"))
    site.ping(SOURCE, site.target)

    answer = site.webmention(SOURCE, site.target)

    assert (answer.status, answer.state) == (201, "shown")
    assert (site.only_thought().response, site.only_thought().excerpt) == ("reply", REPLY)
    assert site.web.fetched == [SOURCE]
    details = [line["detail"] for line in site.receipt(answer.receipt)["timeline"]]
    assert details[-3:] == ["also by webmention", "the source was read shortly before", "a link to the post"]


def test_a_source_that_was_read_by_a_release_before_is_read_whole_for_its_entry(site_with: SiteWith) -> None:
    site = site_with(limits_refetch=0)
    site.web.put(SOURCE, entry(site.target, link="it"), etag='"1"')
    site.ping(SOURCE, site.target)
    with site.services.database.write() as connection:
        findings = connection.execute(select(sources.c.findings)).scalar_one()
        before = findings.partition(', "entry"')[0] + "}"
        connection.execute(update(sources).values(findings=before))

    site.webmention(SOURCE, site.target)
    site.run_jobs()
    assert (site.web.unchanged, site.only_thought().response) == (0, "reply")

    site.webmention(SOURCE, site.target)
    site.run_jobs()
    assert (site.web.unchanged, site.only_thought().response) == (1, "reply")


def test_a_webmention_under_another_address_of_a_page_raises_its_thought(site: Site) -> None:
    canonical = f'<link rel="canonical" href="{SOURCE}">'
    site.web.put(SOURCE, canonical + entry(site.target, link="it"))
    site.ping(SOURCE, site.target)
    site.web.put(f"{SOURCE}?from=feed", canonical + entry(site.target, link="it"))

    site.webmention(f"{SOURCE}?from=feed", site.target)
    site.run_jobs()

    thought = site.only_thought()
    assert (thought.source, thought.kind, thought.response) == (SOURCE, "webmention", "reply")


def test_a_webmention_brings_back_the_thought_of_a_page_with_what_its_entry_says(site: Site) -> None:
    canonical = f'<link rel="canonical" href="{SOURCE}">'
    site.web.put(SOURCE, canonical + entry(site.target, link="it"))
    site.ping(SOURCE, site.target)
    look_again(site, "<p>No link.</p>")
    assert site.only_thought().state == "gone"

    say(site, canonical + entry(site.target, link="it"), f"{SOURCE}?from=feed")

    thought = site.only_thought()
    assert (thought.state, thought.kind, thought.response) == ("shown", "webmention", "reply")


def test_one_of_our_own_posts_is_a_mention(site: Site) -> None:
    ours = site.publish("Ours", f"See [that]({site.target}).")

    assert site.webmention(site.url(ours), site.target).status == 201

    assert site.only_thought().response == "mention"


def test_one_of_our_own_posts_that_answers_another_is_a_reply(site: Site) -> None:
    ours = site.publish("Ours", "Not so.\n\nNot at all.", reply_to=site.target)

    assert site.webmention(site.url(ours), site.target).status == 201

    thought = site.only_thought()
    assert (thought.response, thought.excerpt) == ("reply", "Not so.\n\nNot at all.")


# --- later looks ---


def test_a_later_look_changes_what_the_source_says(site: Site) -> None:
    say(site, entry(site.target))

    look_again(site, entry(site.target, "u-like-of"))
    thought = site.only_thought()
    assert (thought.response, thought.excerpt) == ("like", "")

    look_again(site, linking(site.target))
    assert (site.only_thought().response, site.only_thought().published_at) == ("mention", None)


def test_what_a_moderator_approved_stays_a_reply_until_the_like_is_approved(site: Site) -> None:
    say(site, entry(site.target))
    site.moderate("approve")

    look_again(site, entry(site.target, "u-like-of"))
    waiting, shown = site.thoughts()
    assert (waiting.state, waiting.response) == ("held", "like")
    assert (shown.state, shown.response, shown.excerpt) == ("shown", "reply", REPLY)

    site.moderate("approve")
    assert site.only_thought().response == "like"
    undo(site.services.database, site.clock())
    assert [thought.response for thought in site.thoughts()] == ["like", "reply"]


MOVED = "http://other.example/2026/moved"


def move(site: Site, html: str) -> None:
    """The source has another address since, to which the one before redirects."""
    site.web.put(MOVED, html)
    site.web.put(SOURCE, html, redirected_to=MOVED)


def tell(site: Site) -> Webmentioned:
    site.clock.move(seconds=5)
    answer = site.webmention(SOURCE, site.target)
    site.run_jobs()
    return answer


def test_a_page_that_moved_is_followed_by_the_address_that_it_had(site_with: SiteWith) -> None:
    site = site_with(limits_refetch=1)
    site.web.put(SOURCE, entry(site.target, words="One"))
    first = tell(site)

    for words in ("Two", "Three", "Four"):
        move(site, entry(site.target, words=words))
        again = tell(site)
        assert (again.status, again.receipt) == (201, first.receipt)
        assert (site.only_thought().state, site.only_thought().excerpt) == ("shown", words)

    move(site, "<p>Nothing.</p>")
    assert tell(site).status == 201
    assert site.only_thought().state == "gone"


@pytest.mark.parametrize("how", ["no link", "410"])
def test_an_address_that_redirects_to_a_page_tells_of_it_too(site_with: SiteWith, how: str) -> None:
    site = site_with(limits_refetch=1)
    move(site, entry(site.target, words="One"))
    site.ping(MOVED, site.target)
    tell(site)

    for words in ("Two", "Three"):
        move(site, entry(site.target, words=words))
        assert tell(site).status == 201
        assert (site.only_thought().state, site.only_thought().excerpt) == ("shown", words)

    if how == "410":
        for url in (SOURCE, MOVED):
            site.web.fail(url, BadStatus(410))
    else:
        move(site, "<p>Nothing.</p>")
    tell(site)
    assert "shown" not in site.states()


# --- links that nobody sees ---


@pytest.mark.parametrize("kind", ["u-in-reply-to", "u-like-of", "u-repost-of", "u-bookmark-of", "u-mention"])
def test_a_property_without_text_hides_nothing_and_is_no_excerpt(site: Site, kind: str) -> None:
    say(site, entry(site.target, kind, words="Short."))

    thought = site.only_thought()
    assert thought.state == "shown"
    assert thought.excerpt == ("" if kind in ("u-like-of", "u-repost-of") else "Short.")


@pytest.mark.parametrize(
    "html",
    [
        '<article class="h-entry">Words.<a href="{target}"></a></article>',
        '<article class="h-entry"><p>Words.</article><a href="{target}"></a>',
        '<article class="h-entry">Words.<a class="u-like-of" style="display:none" href="{target}">x</a></article>',
        '<article class="h-entry" style="display:none">Words.<a class="u-like-of" href="{target}"></a></article>',
    ],
    ids=["no property", "beside the entry", "hidden", "in a hidden entry"],
)
def test_other_links_that_nobody_sees_hold_a_webmention_back(site: Site, html: str) -> None:
    say(site, html.format(target=site.target))

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its link is hidden from readers")


def test_an_empty_link_to_a_cited_page_is_a_property_too_and_holds_a_pingback_back_as_before(site: Site) -> None:
    cited = f'<article class="h-entry">Words.<p class="u-like-of h-cite"><a href="{site.target}"></a></p></article>'
    say(site, cited)
    assert (site.only_thought().state, site.only_thought().response) == ("shown", "like")

    site.web.put(f"{SOURCE}/2", cited)
    site.ping(f"{SOURCE}/2", site.target)
    assert site.thoughts()[0].reason == "its link is hidden from readers"


# --- trust on hosts that speak for many ---


@pytest.fixture
def bridge(site_with: SiteWith) -> Site:
    """A site that trusts whom it approved, and one approved reply by Ann over a bridge."""
    site = site_with(moderation_pingbacks="trust", moderation_shared_by_path=("bridge.example",), limits_host=1000)
    say(site, entry(site.target), f"{SHARED}/comment/1")
    site.moderate("approve", f"{SHARED}/comment/1")
    return site


def state_of(site: Site, html: str, source: str) -> str:
    say(site, html, source)
    return next(thought.state for thought in site.thoughts() if thought.source == source)


def test_an_author_approved_over_a_bridge_is_trusted_there_in_whatever_she_says_next(bridge: Site) -> None:
    assert state_of(bridge, entry(bridge.target, words="Other words"), f"{SHARED}/comment/2") == "shown"
    assert state_of(bridge, entry(bridge.target, "u-like-of"), f"{SHARED}/like/3") == "shown"


def test_nobody_else_is_trusted_who_speaks_over_the_same_bridge(bridge: Site) -> None:
    assert state_of(bridge, entry(bridge.target, who="bo", words="Me too"), f"{SHARED}/comment/2") == "held"
    assert state_of(bridge, linking(bridge.target), f"{SHARED}/comment/3") == "held"
    assert state_of(bridge, entry(bridge.target, words="It is me"), "http://elsewhere.example/4") == "held"


def test_trust_ends_with_the_author_who_is_not_approved_any_more(bridge: Site) -> None:
    bridge.moderate("hide", f"{SHARED}/comment/1")

    assert state_of(bridge, entry(bridge.target, words="Other words"), f"{SHARED}/comment/2") == "held"


@pytest.mark.parametrize(
    ("host", "state"),
    [
        ("social.example/@bo", "shown"),
        ("social.example", "shown"),
        ("bridge.example/comment", "shown"),
        ("bridge.example", "held"),
        ("social.example/@ann", "held"),
    ],
)
def test_a_rule_of_trust_is_for_the_author_and_not_for_the_whole_bridge(bridge: Site, host: str, state: str) -> None:
    bridge.rule(host, "trust")

    assert state_of(bridge, entry(bridge.target, who="bo"), f"{SHARED}/comment/2") == state


@pytest.mark.parametrize("host", ["social.example/@ann", "social.example"])
def test_a_blocked_author_is_held_over_a_bridge_too(bridge: Site, host: str) -> None:
    bridge.rule(host, "block")

    assert state_of(bridge, entry(bridge.target, words="Other words"), f"{SHARED}/comment/2") == "held"


def test_two_people_may_say_the_same_over_a_bridge_and_one_may_not_say_it_twice(site_with: SiteWith) -> None:
    site = site_with(moderation_shared_by_path=("bridge.example",))

    assert state_of(site, entry(site.target), f"{SHARED}/comment/1") == "shown"
    assert state_of(site, entry(site.target, who="bo"), f"{SHARED}/comment/2") == "shown"
    assert state_of(site, entry(site.target), f"{SHARED}/comment/3") == "held"


def test_on_a_host_whose_path_names_its_user_no_other_user_is_trusted_for_an_author_of_hers(
    site_with: SiteWith,
) -> None:
    site = site_with(moderation_pingbacks="trust", moderation_shared_by_path=("bridge.example",))
    say(site, entry(site.target), f"{SHARED}/@ann/1")
    site.moderate("approve", f"{SHARED}/@ann/1")

    assert state_of(site, entry(site.target, words="Me again"), f"{SHARED}/@bo/1") == "held"
    assert state_of(site, entry(site.target, words="Me again"), f"{SHARED}/@ann/2") == "shown"


# --- queries of one path ---


def test_two_likes_of_one_path_with_other_queries_are_two(site: Site) -> None:
    say(site, entry(site.target, "u-like-of", words="Ann likes this"), "http://other.example/like?id=1")
    say(site, entry(site.target, "u-like-of", words="Bo likes this", who="bo"), "http://other.example/like?id=2")

    assert sorted(thought.author_name for thought in site.thoughts()) == ["Ann", "Bo"]


def test_a_reply_under_another_query_with_the_same_words_is_of_the_same_page(site: Site) -> None:
    say(site, entry(site.target), "http://other.example/reply?id=1")
    say(site, entry(site.target), "http://other.example/reply?id=1&from=feed")
    say(site, entry(site.target, words="Other words, and enough of them."), "http://other.example/reply?id=2")

    assert len(site.thoughts()) == 2


def test_a_reply_that_was_called_spam_is_known_under_another_query(site: Site) -> None:
    say(site, entry(site.target), "http://other.example/reply?id=1")
    site.moderate("spam", "http://other.example/reply?id=1")
    site.clock.move(days=400)
    clean(site)
    assert site.thoughts() == []

    say(site, entry(site.target), "http://other.example/reply?id=1&from=feed")

    assert site.states() == ["spam"]


def test_an_author_who_has_no_words_is_stored_with_every_thought_of_hers(site: Site) -> None:
    say(site, entry(site.target, "u-like-of"))

    with site.services.database.read() as connection:
        row = connection.execute(select(thoughts.c.response, thoughts.c.fingerprint, thoughts.c.word_bytes)).one()
    assert row.response == "like"
    assert row.fingerprint is None
    assert row.word_bytes == site.only_thought().content.size
