"""The owner's word: rules for hosts, what is shown at once, and what a moderator does."""

from collections.abc import Callable

import pytest

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.posts.model import Post
from feedserver.thoughts import hosts
from feedserver.thoughts.listing import listing
from feedserver.thoughts.moderation import Act, moderate
from tests.thoughts.site import SOURCE, Site, linking

OTHER = "http://other.example/another"


@pytest.mark.parametrize(("setting", "state"), [("show", "shown"), ("hold", "held"), ("trust", "held")])
def test_a_verified_pingback_becomes_what_the_setting_says(
    site_with: Callable[..., Site], setting: str, state: str
) -> None:
    site = site_with(moderation_pingbacks=setting)
    post = site.publish()
    site.web.put(SOURCE, linking(site.url(post)))

    assert site.ping(SOURCE, site.url(post)).outcome == "registered", "also says that it is stored and held"

    assert site.only_thought().state == state
    assert (SOURCE in site.page(post)) == (state == "shown")


def test_a_host_that_was_approved_before_is_trusted_and_no_other(site_with: Callable[..., Site]) -> None:
    site = site_with(moderation_pingbacks="trust")
    target = site.url(site.publish())
    for source in (SOURCE, OTHER, "http://third.example/"):
        site.web.put(source, linking(target))
    site.ping(SOURCE, target)
    site.moderate("approve")

    site.ping(OTHER, target)
    site.ping("http://third.example/", target)

    states = {thought.source: thought.state for thought in site.thoughts()}
    assert states == {SOURCE: "shown", OTHER: "shown", "http://third.example/": "held"}


def test_trust_ends_when_what_was_approved_is_hidden(site_with: Callable[..., Site]) -> None:
    site = site_with(moderation_pingbacks="trust")
    target = site.url(site.publish())
    for source in (SOURCE, OTHER):
        site.web.put(source, linking(target))
    site.ping(SOURCE, target)
    site.moderate("approve")
    site.moderate("hide")

    site.ping(OTHER, target)

    assert site.states() == ["held", "held"]


def test_a_trusted_host_is_shown_at_once_subdomains_included(site_with: Callable[..., Site]) -> None:
    site = site_with(moderation_pingbacks="hold")
    target = site.url(site.publish())
    site.rule("other.example", "trust")
    for source in (SOURCE, "http://www.other.example/", "http://another.example/"):
        site.web.put(source, linking(target))
        site.ping(source, target)

    states = {thought.host: thought.state for thought in site.thoughts()}
    assert states == {"other.example": "shown", "www.other.example": "shown", "another.example": "held"}


def test_the_nearest_rule_counts(site: Site) -> None:
    site.rule("example", "block")
    site.rule("good.example", "trust")
    site.rule("2001:db8::1", "block")

    def rule(host: str) -> str | None:
        with site.services.database.read() as connection:
            return hosts.rule_for(connection, host)

    assert rule("good.example") == rule("www.good.example") == "trust"
    assert rule("verygood.example") == rule("example") == "block"
    assert rule("other.test") is None
    assert rule("2001:db8::1") == "block"
    assert rule("2001:db8::2") is None
    site.rule("good.example", None)
    assert rule("www.good.example") == "block"


def test_a_host_that_is_blocked_while_its_ping_waits_is_held(site_with: Callable[..., Site]) -> None:
    site = site_with(pingback_places=0)
    target = site.url(site.publish())
    site.web.put(SOURCE, linking(target))
    site.ping(SOURCE, target)
    site.rule("other.example", "block")

    site.run_jobs()

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its host is blocked")


# --- a moderator's acts ---


@pytest.mark.parametrize(
    ("act", "state"), [("approve", "shown"), ("hide", "held"), ("spam", "spam"), ("delete", "deleted")]
)
def test_an_act_changes_state_page_receipt_and_revision(site_with: Callable[..., Site], act: Act, state: str) -> None:
    site = site_with(moderation_pingbacks="hold" if act == "approve" else "show")
    post = site.publish()
    site.web.put(SOURCE, linking(site.url(post)))
    receipt = site.ping(SOURCE, site.url(post)).receipt
    before = site.revision()

    for _ in range(2):
        assert site.moderate(act).state == state

    assert (SOURCE in site.page(post)) == (state == "shown")
    assert site.receipt(receipt)["state"] == state
    assert site.receipt(receipt)["timeline"][-1]["event"] == "decided"
    assert site.revision() > before


def test_nothing_is_shown_of_a_ping_that_was_never_verified(site: Site, target: str) -> None:
    site.ping(SOURCE, target)
    acts: list[Act] = ["approve", "hide"]

    for act in acts:
        with pytest.raises(ThoughtError, match="never verified"):
            site.moderate(act)
    assert site.only_thought().state == "rejected"
    assert site.moderate("spam").state == "spam"


def test_an_unknown_thought_is_told(site: Site) -> None:
    with pytest.raises(ThoughtNotFound, match="no thought has the id 17"):
        moderate(site.services.database, 17, "approve", site.clock())


# --- words that were approved ---


@pytest.fixture
def changed_after_approval(site: Site, post: Post, target: str) -> Site:
    site.web.put(SOURCE, linking(target, before="A kind opinion about "))
    site.ping(SOURCE, target)
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="Buy pills and forget "))
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.run_jobs()
    return site


def test_approved_words_stay_when_the_source_changes_and_the_new_ones_are_held_beside_them(
    changed_after_approval: Site, post: Post
) -> None:
    site = changed_after_approval

    assert "A kind opinion" in site.page(post)
    assert "pills" not in site.page(post)
    held, shown = site.thoughts()
    assert (held.state, shown.state, held.id) == ("held", "shown", shown.id)
    assert held.excerpt.startswith("[…] Buy pills")
    assert listed(site, "held") == [held]
    assert listed(site, "shown") == [shown]
    assert listed(site, "spam") == []


def test_approving_once_more_takes_the_new_words_over(changed_after_approval: Site, post: Post) -> None:
    site = changed_after_approval

    site.moderate("approve")

    assert "Buy pills" in site.page(post)
    assert len(site.thoughts()) == 1


@pytest.mark.parametrize("act", ["hide", "spam", "delete"])
def test_new_words_go_with_the_thought_that_is_taken_away(changed_after_approval: Site, act: Act) -> None:
    site = changed_after_approval

    site.moderate(act)

    assert site.only_thought().excerpt.startswith("[…] A kind opinion")


def test_new_words_wait_through_a_404(changed_after_approval: Site, target: str) -> None:
    site = changed_after_approval
    site.web.pages.clear()
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.run_jobs()

    assert site.states() == ["held", "shown"]


def listed(site: Site, state: str) -> list[object]:
    with site.services.database.read() as connection:
        return [*listing(connection, "a-post", state)]  # type: ignore[arg-type]
