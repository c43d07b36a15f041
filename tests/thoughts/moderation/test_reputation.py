"""Verdicts under `moderation.pingbacks`, from what is known of a source site."""

from collections.abc import Callable

import pytest

from feedserver.thoughts.moderation.trust import Rule
from tests.thoughts.moderation.conftest import OTHER
from tests.thoughts.site import SOURCE, Site, SiteWith, linking


@pytest.mark.parametrize(("setting", "state"), [("show", "shown"), ("hold", "held"), ("trust", "held")])
def test_a_verified_pingback_gets_the_state_of_the_setting(site_with: SiteWith, setting: str, state: str) -> None:
    site = site_with(moderation_pingbacks=setting)
    post = site.publish()
    site.web.put(SOURCE, linking(site.url(post)))

    assert site.ping(SOURCE, site.url(post)).outcome == "registered", "also says that it is stored and held"

    assert site.only_thought().state == state
    assert (SOURCE in site.page(post)) == (state == "shown")


def test_a_host_that_was_approved_before_is_trusted_and_no_other(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="trust")
    site.mention(site.target)
    site.moderate("approve")

    site.mention(site.target, OTHER)
    site.mention(site.target, "http://third.example/")

    states = {thought.source: thought.state for thought in site.thoughts()}
    assert states == {SOURCE: "shown", OTHER: "shown", "http://third.example/": "held"}


def test_trust_ends_when_the_approved_thought_is_hidden(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="trust")
    site.mention(site.target)
    site.moderate("approve")
    site.moderate("hide")

    site.mention(site.target, OTHER)

    assert site.states() == ["held", "held"]


@pytest.fixture
def trusting(site_with: SiteWith) -> Site:
    return site_with(moderation_pingbacks="trust", limits_host=1000)


@pytest.fixture
def ping(trusting: Site) -> Callable[[str], tuple[str, str | None]]:
    """Pings the one post from a page with content of its own; returns the state and the reason."""
    post = trusting.publish("Hello", slug="hello")

    def send(source: str) -> tuple[str, str | None]:
        trusting.mention(trusting.url(post), source, before=f"From {source} I ")
        (found,) = [thought for thought in trusting.thoughts() if thought.source == source]
        return found.state, found.reason

    return send


@pytest.mark.parametrize(
    ("approved", "trusted", "strange"),
    [
        (
            "http://www.friend.example/",
            ["http://friend.example/1", "http://sub.friend.example/"],
            "http://end.example/",
        ),
        ("http://alice.github.io/", ["http://alice.github.io/2"], "http://bob.github.io/"),
        ("http://alice.wordpress.com/", ["http://alice.wordpress.com/2"], "http://bob.wordpress.com/"),
        ("http://127.0.2.1/", ["http://127.0.2.1/2"], "http://127.0.2.2/"),
        ("http://example.org/~ann/1", ["http://www.example.org/~ann/2"], "http://example.org/~bob/"),
    ],
)
def test_approving_a_thought_trusts_its_source_site_and_no_other(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]], approved: str, trusted: list[str], strange: str
) -> None:
    assert ping(approved) == ("held", "waits for approval")
    trusting.moderate("approve", approved)

    for source in trusted:
        assert ping(source) == ("shown", "its host was approved before")
    assert ping(strange) == ("held", "waits for approval")


def test_a_source_site_that_our_published_posts_link_to_is_trusted(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]]
) -> None:
    trusting.publish("Links", slug="links", body="[a](http://www.friend.example/x) [b](http://alice.github.io/)")
    trusting.publish("Draft", slug="draft", draft="true", body="[c](http://later.example/)")

    assert ping("http://friend.example/1") == ("shown", "our own posts link to its host")
    assert ping("http://alice.github.io/1") == ("shown", "our own posts link to its host")
    assert ping("http://bob.github.io/")[0] == "held"
    assert ping("http://later.example/")[0] == "held", "a draft is not published"
    trusting.services.publisher.delete("links")
    assert ping("http://friend.example/2")[0] == "held"


def test_a_link_to_one_user_of_a_shared_host_trusts_none_of_its_users(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]]
) -> None:
    trusting.publish("Links", slug="links", body="[a](http://example.org/~ann/)")

    assert ping("http://example.org/~bob/")[0] == "held"
    trusting.rule("example.org/~ann", "trust")
    assert ping("http://example.org/~ann/") == ("shown", "its host is trusted")


def test_our_own_posts_are_trusted(trusting: Site) -> None:
    target = trusting.publish("Hello", slug="hello")
    own = trusting.publish("Own", slug="own", body="As I said [here](/posts/hello).")

    trusting.ping(trusting.url(own), trusting.url(target))

    assert (trusting.only_thought().state, trusting.only_thought().reason) == ("shown", "it is a post of this site")


@pytest.mark.parametrize("rule", [None, "trust"])
def test_a_redirect_from_a_trusted_to_an_unknown_source_site_is_held(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]], rule: Rule | None
) -> None:
    if rule:
        trusting.rule("friend.example", rule)
    else:
        ping("http://friend.example/")
        trusting.moderate("approve", "http://friend.example/")
    leading = "http://friend.example/redirect?to=spam"
    target = "http://blog.example/posts/hello"
    trusting.web.put(leading, linking(target), redirected_to="http://spam.example/pills")
    trusting.ping(leading, target)

    assert trusting.thoughts()[0].state == "held"
    trusting.web.put("http://friend.example/moved", linking(target), redirected_to="https://www.friend.example/new")
    trusting.ping("http://friend.example/moved", target)
    assert trusting.thoughts()[0].state == "shown", "a redirect within a source site is harmless"


def test_a_redirect_to_a_blocked_host_is_held(site: Site, target: str) -> None:
    site.rule("spam.example", "block")
    site.web.put(SOURCE, linking(target), redirected_to="http://spam.example/pills")

    site.ping(SOURCE, target)

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its host is blocked")


def test_users_of_a_host_that_is_shared_by_path_are_trusted_each_for_themselves(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]]
) -> None:
    ping("https://github.com/ann/one")
    trusting.moderate("approve", "https://github.com/ann/one")

    assert ping("https://www.github.com/ann/two")[0] == "shown"
    assert ping("https://github.com/bob/one")[0] == "held"
    assert ping("https://github.com/")[0] == "held"
