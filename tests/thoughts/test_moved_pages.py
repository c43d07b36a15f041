"""Thoughts that stand, whose pages become one: docs/interface.md, “pingback.ping”."""

import pytest
from sqlalchemy import select

from feedserver.posts.model import Post
from feedserver.storage.schema import sources
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation.actions import undo
from feedserver.thoughts.source.identity import key_hash
from tests.thoughts.site import SOURCE, Site, linking, show
from tests.thoughts.test_retention import clean

NEW = "http://other.example/new"
STRANGER = "http://stranger.example/x"
WORDS = "The words of this page stay the same when it moves to another URL: "
FATES: dict[Action, str] = {"approve": "shown", "hide": "held", "spam": "spam", "delete": "deleted"}


def recheck(site: Site) -> None:
    """Every source is inspected."""
    site.clock.move(days=40)
    site.run_jobs()


def stored(site: Site) -> list[Thought]:
    """All thoughts; lists of moderators name one twice that has words beside approved ones."""
    return list({thought.id: thought for thought in site.thoughts()}.values())


def move(site: Site, target: str, old: str = SOURCE) -> None:
    """The page at `old` moves to NEW."""
    site.web.put(NEW, linking(target, before=WORDS))
    site.web.put(old, linking(target, before=WORDS), redirected_to=NEW)


def show_both(site: Site, target: str) -> list[str]:
    """SOURCE is shown, then NEW, with other words. Returns their receipts."""
    return [site.mention(target, url, before=f"At {url} I read ").receipt for url in (SOURCE, NEW)]


def test_a_page_that_moved_and_pings_again_has_one_thought_after_the_next_look(site: Site, target: str) -> None:
    first = site.mention(target, before=WORDS)
    before = site.only_thought()
    move(site, target)
    second = site.ping(NEW, target)
    assert site.states() == ["held", "shown"], "nothing tells yet that it is the page at SOURCE"
    revision = site.revision()

    recheck(site)

    thought = site.only_thought()
    assert (thought.id, thought.state, thought.source_key) == (before.id, "shown", NEW)
    assert [site.receipt(one.receipt)["state"] for one in (first, second)] == ["shown", "shown"]
    assert [site.ping(url, target).outcome for url in (SOURCE, NEW)] == [48, 48]
    assert site.revision() == revision, "readers see no difference"
    recheck(site)
    assert site.web.fetched[-1] == NEW
    assert site.states() == ["shown"]


@pytest.mark.parametrize("moves", [SOURCE, NEW])
def test_the_younger_of_two_shown_thoughts_joins_the_older(site: Site, post: Post, target: str, moves: str) -> None:
    receipts = show_both(site, target)
    receipts.append(site.mention(target, f"{NEW}?2", before=f"At {NEW} I read ").receipt)
    assert site.states() == ["shown", "shown"]
    older = min(thought.id for thought in site.thoughts())
    other = ({SOURCE, NEW} - {moves}).pop()
    site.web.put(moves, linking(target, before=f"At {other} I read "), redirected_to=other)
    revision = site.revision()

    recheck(site)

    thought = site.only_thought()
    assert (thought.id, thought.state, thought.source_key) == (older, "shown", other)
    assert [site.receipt(one)["state"] for one in receipts] == ["shown"] * 3
    assert site.revision() > revision
    assert site.page(post).count("I read") == 1


def test_thoughts_become_one_when_their_pages_name_one_canonical_url(site: Site, target: str) -> None:
    receipts = show_both(site, target)
    for url in (SOURCE, NEW):
        head = f'<head><link rel="canonical" href="{SOURCE}">'
        site.web.put(url, linking(target, before=WORDS).replace("<head>", head))

    recheck(site)

    assert site.only_thought().source == SOURCE
    assert [site.receipt(one)["state"] for one in receipts] == ["shown", "shown"]


@pytest.mark.parametrize("action", FATES)
@pytest.mark.parametrize("moderated", [SOURCE, NEW])
def test_the_thought_that_a_moderator_decided_on_stays(site: Site, target: str, action: Action, moderated: str) -> None:
    show_both(site, target)
    site.moderate(action, moderated)
    move(site, target)

    recheck(site)

    if moderated == SOURCE and action in ("spam", "delete"):  # nobody looks at it any more
        assert site.states() == sorted([FATES[action], "shown"])
    else:
        (thought,) = stored(site)
        assert (thought.source, thought.state, thought.approved) == (moderated, FATES[action], action == "approve")


@pytest.mark.parametrize("other", ["hide", "spam", "delete"])
def test_two_decisions_that_differ_both_stay(site: Site, target: str, other: Action) -> None:
    show_both(site, target)
    site.moderate("approve", SOURCE)
    site.moderate(other, NEW)
    move(site, target)

    recheck(site)

    assert sorted(one.state for one in stored(site)) == sorted([FATES[other], "shown"])


def test_what_was_hidden_before_its_link_went_stays_hidden(site: Site, target: str) -> None:
    show_both(site, target)
    site.moderate("hide", NEW)
    site.web.put(NEW, "<p>No link.")
    recheck(site)
    site.clock.move(hours=1)
    site.mention(target, NEW, before="It is back: ")
    assert site.states() == ["held", "shown"]
    move(site, target)

    recheck(site)

    assert site.states() == ["held"]


def test_an_approved_thought_that_comes_back_stays_though_its_page_has_a_younger_one(site: Site, target: str) -> None:
    show_both(site, target)
    site.moderate("approve", SOURCE)
    site.web.put(SOURCE, "<p>No link.")
    recheck(site)
    assert site.states() == ["gone", "shown"]
    move(site, target)
    site.clock.move(hours=1)

    site.ping(SOURCE, target)

    (thought,) = stored(site)
    assert (thought.state, thought.approved, thought.source_key) == ("shown", True, NEW)


def test_an_action_on_a_thought_that_joined_another_is_not_undone_in_place_of_the_one_before(
    site: Site, target: str
) -> None:
    show_both(site, target)
    site.moderate("approve", SOURCE)
    site.moderate("approve", NEW)
    move(site, target)
    recheck(site)
    assert [thought.approved for thought in stored(site)] == [True]

    undo(site.services.database, site.clock())

    assert [thought.approved for thought in stored(site)] == [False]


@pytest.mark.parametrize("canonical", [True, False])
def test_nothing_that_was_read_at_urls_from_which_thoughts_have_moved_stays_for_ever(
    site: Site, target: str, canonical: bool
) -> None:
    show_both(site, target)
    for url in (SOURCE, NEW):
        head = '<head><link rel="canonical" href="/one-page">'
        site.web.put(url, linking(target, before=WORDS).replace("<head>", head if canonical else "<head>"))
    if not canonical:
        move(site, target)
    for url in (NEW, SOURCE):  # the look at one makes the other's thought one of its own
        site.clock.move(hours=1)
        site.ping(url, target)
        site.run_jobs()

    assert kept_a_day_later(site) == {key_hash(site.only_thought().source_key or "")}


def test_nothing_that_was_read_at_a_variant_stays_when_its_canonical_page_has_its_thought(
    site: Site, target: str
) -> None:
    head = f'<head><link rel="canonical" href="{SOURCE}">'
    site.web.put(NEW, linking(target, before=WORDS).replace("<head>", head))
    site.ping(NEW, target)
    site.mention(target, SOURCE, before="At length: ")

    assert kept_a_day_later(site) == {key_hash(SOURCE)}


def kept_a_day_later(site: Site) -> set[str]:
    """The sources of which a record is kept."""
    site.clock.move(days=1)
    clean(site)
    with site.services.database.read() as connection:
        return set(connection.execute(select(sources.c.source)).scalars())


def test_a_strangers_redirect_takes_no_shown_thought_over(site: Site, target: str) -> None:
    show(site, target, STRANGER)
    show(site, target, NEW)
    before = {thought.id: thought.source_key for thought in site.thoughts()}
    move(site, target, STRANGER)

    recheck(site)

    assert {thought.id: thought.source_key for thought in site.thoughts()} == before
    assert site.states() == ["shown", "shown"]
