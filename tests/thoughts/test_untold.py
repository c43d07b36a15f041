"""What the owner was not told of thoughts: noted with the change itself, once, and never for a moderator's own acts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedserver.posts.model import Post
from feedserver.thoughts import untold
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.model import Content, Thought
from feedserver.thoughts.moderation import actions
from feedserver.thoughts.untold import Untold
from tests.feeds.happenings import of_id, respond, say, says
from tests.support.moderating import moderate
from tests.thoughts.site import SOURCE, Site, SiteWith


def news(site: Site) -> list[tuple[int, str]]:
    """What is untold, which is told from now on: ids, with `held`, `shown` or both."""
    with site.services.database.write() as connection:
        found = untold.take(connection, 100)
        assert not untold.is_any(connection)
    return [(one.thought_id, _words(one)) for one in found]


def _words(one: Untold) -> str:
    return " ".join(word for word, at in (("held", one.held_at), ("shown", one.shown_at)) if at)


def act(site: Site, thought: Thought, action: Action) -> None:
    moderate(site.services.database, thought.id, action, site.clock())


def test_what_waits_and_what_is_public_for_the_first_time_is_news_once(site: Site, post: Post) -> None:
    held = say(site.services, post, state="held")
    shown = say(site.services, post)
    reaction = respond(site.services, post, "like")
    waiting = respond(site.services, post, "reply", "Ben", state="held")
    say(site.services, post, state="spam")

    found = news(site)

    assert found == [(held.id, "held"), (shown.id, "shown"), (reaction.id, "shown"), (waiting.id, "held")]
    assert news(site) == []


def test_a_ping_is_news_when_it_is_verified(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold")

    site.mention(site.target)

    assert news(site) == [(site.only_thought().id, "held")]


def test_approving_is_news_the_first_time_alone(site: Site, post: Post) -> None:
    thought = say(site.services, post, state="held")
    news(site)

    act(site, thought, "approve")
    assert news(site) == [(thought.id, "shown")]

    act(site, thought, "hide")
    act(site, thought, "approve")
    assert news(site) == []


def test_a_reaction_is_public_for_the_first_time_once(site: Site, post: Post) -> None:
    """No position says that it was shown before."""
    thought = respond(site.services, post, "like", state="held")
    news(site)

    for action in ("hide", "approve"):
        act(site, thought, action)
    assert news(site) == [(thought.id, "shown")]

    for action in ("spam", "approve"):
        act(site, thought, action)  # type: ignore[arg-type]
    assert news(site) == []


@pytest.mark.parametrize("action", ["hide", "spam", "delete"])
def test_what_a_moderator_does_makes_nothing_wait(site: Site, post: Post, action: Action) -> None:
    thought = say(site.services, post, state="held")
    act(site, thought, "approve")
    news(site)

    act(site, thought, action)
    actions.undo(site.services.database, site.clock())
    actions.undo(site.services.database, site.clock())

    assert of_id(site.services, thought.id).state == "held"
    assert news(site) == []


def test_new_words_beside_approved_ones_wait(site: Site, post: Post) -> None:
    thought = respond(site.services, post, "reply", words="As approved.")
    act(site, thought, "approve")
    news(site)

    thought = of_id(site.services, thought.id)
    changed = replace(thought.content, excerpt="Changed since.")
    says(site.services, thought, changed)
    assert news(site) == [(thought.id, "held")]

    says(site.services, of_id(site.services, thought.id), changed)
    assert news(site) == [], "the same words once more"


def test_a_held_thought_that_is_back_with_its_link_waited_before(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold", limits_refetch=0)
    site.mention(site.target)
    news(site)
    site.web.put(SOURCE, "<p>No link.")
    site.ping(SOURCE, site.target)
    site.run_jobs()
    assert site.states() == ["gone"]

    site.clock.move(minutes=5)
    site.mention(site.target)

    assert site.states() == ["held"]
    assert news(site) == []


def test_news_are_taken_in_the_order_of_thoughts_a_bounded_number_at_a_time(site: Site, post: Post) -> None:
    thoughts = [say(site.services, post) for _ in range(3)]

    with site.services.database.write() as connection:
        first = untold.take(connection, 2)
    then = news(site)

    assert [one.thought_id for one in first] == [thought.id for thought in thoughts[:2]]
    assert first[0].shown_at == site.clock()
    assert then == [(thoughts[2].id, "shown")]


def test_a_joined_content_of_another_time_is_no_news(site: Site, post: Post) -> None:
    """A source that changes what nobody has approved is shown as it is."""
    thought = respond(site.services, post, "reply", words="Once.")
    news(site)
    site.clock.now += timedelta(days=8)

    says(site.services, of_id(site.services, thought.id), Content("Ann", "", "", "Twice.", response="reply"))

    assert news(site) == []
