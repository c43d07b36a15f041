"""Rules for source hosts."""

from functools import partial

from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation.trust import Rule
from tests.thoughts.site import SOURCE, Site, SiteWith, linking


def rule_for(site: Site, url: str) -> str | None:
    with site.services.database.read() as connection:
        return hosts.rule_for(connection, url)


def test_a_trusted_host_is_shown_at_once_subdomains_included(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="hold")
    site.rule("other.example", "trust")
    for source in (SOURCE, "http://www.other.example/", "http://another.example/"):
        site.mention(site.target, source)

    states = {thought.host: thought.state for thought in site.thoughts()}
    assert states == {"other.example": "shown", "www.other.example": "shown", "another.example": "held"}


def test_the_rule_of_the_nearest_host_applies(site: Site) -> None:
    site.rule("example", "block")
    site.rule("good.example", "trust")
    site.rule("2001:db8::1", "block")

    def rule(host: str) -> str | None:
        return rule_for(site, f"http://{host}/")

    assert rule("good.example") == rule("www.good.example") == "trust"
    assert rule("verygood.example") == rule("example") == "block"
    assert rule("other.test") is None
    assert rule("[2001:db8::1]") == "block"
    assert rule("[2001:db8::2]") is None
    with site.services.database.write() as connection:
        hosts.remove_rule(connection, "good.example", "trust")
    assert rule("www.good.example") == "block"


def test_a_host_that_is_blocked_while_its_ping_waits_is_held(site_with: SiteWith) -> None:
    site = site_with(pingback_places=0)
    site.mention(site.target)
    site.rule("other.example", "block")

    site.run_jobs()

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its host is blocked")


def test_the_rule_of_the_nearest_host_with_the_longest_path_applies(site: Site) -> None:
    rules: dict[str, Rule] = {
        "example.org": "block",
        "example.org/~ann": "trust",
        "example.org/~ann/drafts": "block",
        "www.example.org": "trust",
    }
    for where, rule in rules.items():
        site.rule(where, rule)

    found = partial(rule_for, site)
    assert found("http://example.org/") == "block"
    assert found("http://example.org/~annabel/") == "block"
    assert found("http://example.org/~ann") == found("http://example.org/%7Eann/x/y/z?q") == "trust"
    assert found("http://example.org/~ann/drafts/1") == "block"
    assert found("http://example.org/~ann/../~bob/") == "block"
    assert found("http://sub.example.org/~ann/x") == "trust"
    assert found("http://www.example.org/~bob") == "trust"
    assert found("http://example.org/" + "a/" * 900) == "block", "a path of any length is looked up in bounds"
    assert found("http://other.example/~ann") is None


def test_a_blocked_path_does_not_block_the_rest_of_its_host(site: Site, target: str) -> None:
    site.rule("example.org/~spam", "block")
    for name in ("ann", "spam"):
        site.web.put(f"http://example.org/~{name}/", linking(target))

    assert site.ping("http://example.org/~spam/", target).outcome == 49
    assert site.ping("http://example.org/~ann/", target).outcome == "registered"
