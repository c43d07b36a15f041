"""Whom to trust: what is one place, which rule is nearest, what looks like spam, and which of them is stronger."""

from collections.abc import Callable, Mapping

import pytest

from feedserver.posts.model import Post
from feedserver.thoughts.model import LinkSignals
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation.trust import MANY_LINKS, MANY_POSTS, Facts, Rule, judge
from tests.thoughts.site import SOURCE, Site, linking

# --- the verdict ---

SPAMMY: Mapping[str, LinkSignals] = {
    "many links": LinkSignals(links=MANY_LINKS),
    "hidden": LinkSignals(hidden=True),
    "the same words": LinkSignals(),
}


@pytest.mark.parametrize(
    ("facts", "show", "trust", "hold"),
    [
        ({}, "shown", "held", "held"),
        ({"approved": True}, "shown", "shown", "held"),
        ({"befriended": True}, "shown", "shown", "held"),
        ({"ours": True}, "shown", "shown", "held"),
        ({"rule": "trust"}, "shown", "shown", "shown"),
        ({"rule": "block"}, "held", "held", "held"),
        ({"rule": "block", "approved": True, "ours": True, "befriended": True}, "held", "held", "held"),
    ],
    ids=lambda value: ("-".join(value) or "stranger") if isinstance(value, dict) else value,
)
def test_a_rule_is_stronger_than_the_setting(facts: dict[str, object], show: str, trust: str, hold: str) -> None:
    known = Facts(LinkSignals(), **facts)  # type: ignore[arg-type]

    assert [judge(known, setting).state for setting in ("show", "trust", "hold")] == [show, trust, hold]


@pytest.mark.parametrize("sign", SPAMMY)
@pytest.mark.parametrize("setting", ["show", "trust", "hold"])
def test_what_looks_like_spam_is_held_unless_a_rule_trusts_its_host(sign: str, setting: str) -> None:
    def state(rule: Rule | None = None, *, ours: bool = False) -> str:
        alike = frozenset(range(MANY_POSTS)) if sign == "the same words" else frozenset({1})
        facts = Facts(SPAMMY[sign], rule=rule, ours=ours, approved=True, befriended=True, alike=alike)
        return judge(facts, setting).state

    assert state() == "held"
    assert state("trust") == "shown"
    assert state("block") == "held"
    assert state(ours=True) == ("held" if setting == "hold" else "shown"), "the author's own word"


def test_every_verdict_says_why() -> None:
    reasons = [
        judge(Facts(LinkSignals(links=25)), "show").reason,
        judge(Facts(LinkSignals(hidden=True)), "show").reason,
        judge(Facts(LinkSignals(), alike=frozenset({1, 2, 3, 4})), "show").reason,
        judge(Facts(LinkSignals(), approved=True), "trust").reason,
        judge(Facts(LinkSignals(), befriended=True), "trust").reason,
        judge(Facts(LinkSignals()), "trust").reason,
    ]

    assert reasons == [
        "its page has 25 links to our posts",
        "its link is hidden from readers",
        "the same words are said about 4 posts",
        "its host was approved before",
        "our own posts link to its host",
        "waits for approval",
    ]


# --- rules with paths ---


def test_the_nearest_host_counts_and_of_its_rules_the_longest_path(site: Site) -> None:
    rules: dict[str, Rule] = {
        "example.org": "block",
        "example.org/~ann": "trust",
        "example.org/~ann/drafts": "block",
        "www.example.org": "trust",
    }
    for where, rule in rules.items():
        site.rule(where, rule)

    def found(page: str) -> str | None:
        with site.services.database.read() as connection:
            return hosts.rule_for(connection, page)

    assert found("http://example.org/") == "block"
    assert found("http://example.org/~annabel/") == "block"
    assert found("http://example.org/~ann") == found("http://example.org/%7Eann/x/y/z?q") == "trust"
    assert found("http://example.org/~ann/drafts/1") == "block"
    assert found("http://example.org/~ann/../~bob/") == "block"
    assert found("http://sub.example.org/~ann/x") == "trust"
    assert found("http://www.example.org/~bob") == "trust"
    assert found("http://example.org/" + "a/" * 900) == "block", "a path of any length is looked up in bounds"
    assert found("http://other.example/~ann") is None


def test_a_path_that_is_blocked_sends_no_pings_and_the_rest_of_its_host_does(site: Site, target: str) -> None:
    site.rule("example.org/~spam", "block")
    for name in ("ann", "spam"):
        site.web.put(f"http://example.org/~{name}/", linking(target))

    assert site.ping("http://example.org/~spam/", target).outcome == 49
    assert site.ping("http://example.org/~ann/", target).outcome == "registered"


# --- trust, with a database behind it ---


@pytest.fixture
def trusting(site_with: Callable[..., Site]) -> Site:
    return site_with(moderation_pingbacks="trust", limits_host=1000)


@pytest.fixture
def ping(trusting: Site) -> Callable[[str], tuple[str, str | None]]:
    """Pings the one post from a page, which says something of its own; tells what became of it, and why."""
    post = trusting.publish("Hello", slug="hello")

    def send(source: str) -> tuple[str, str | None]:
        trusting.web.put(source, linking(trusting.url(post), before=f"From {source} I "))
        trusting.ping(source, trusting.url(post))
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
def test_approving_one_trusts_its_place_and_no_other(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]], approved: str, trusted: list[str], strange: str
) -> None:
    assert ping(approved) == ("held", "waits for approval")
    trusting.moderate("approve", approved)

    for source in trusted:
        assert ping(source) == ("shown", "its host was approved before")
    assert ping(strange) == ("held", "waits for approval")


def test_whom_our_own_published_posts_link_to_is_shown_at_once(
    trusting: Site, ping: Callable[[str], tuple[str, str | None]]
) -> None:
    trusting.publish("Links", slug="links", body="[a](http://www.friend.example/x) [b](http://alice.github.io/)")
    trusting.publish("Draft", slug="draft", draft="true", body="[c](http://later.example/)")

    assert ping("http://friend.example/1") == ("shown", "our own posts link to its host")
    assert ping("http://alice.github.io/1") == ("shown", "our own posts link to its host")
    assert ping("http://bob.github.io/")[0] == "held"
    assert ping("http://later.example/")[0] == "held", "nobody has read the draft"
    trusting.services.publisher.delete("links")
    assert ping("http://friend.example/2")[0] == "held"


def test_a_link_to_one_person_on_a_shared_host_trusts_nobody_there(
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
def test_a_trusted_host_that_leads_to_a_strange_one_is_not_trusted(
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
    assert trusting.thoughts()[0].state == "shown", "within its place a redirect is nothing strange"


def test_a_page_that_leads_to_a_blocked_host_is_held(site: Site, target: str) -> None:
    site.rule("spam.example", "block")
    site.web.put(SOURCE, linking(target), redirected_to="http://spam.example/pills")

    site.ping(SOURCE, target)

    assert (site.only_thought().state, site.only_thought().reason) == ("held", "its host is blocked")


# --- free signals, under `show` ---


def test_a_page_with_many_links_to_our_posts_is_held(site: Site, post: Post, target: str) -> None:
    others = [site.url(site.publish(f"Post {number}")) for number in range(MANY_LINKS - 1)]
    site.web.put(SOURCE, "".join(linking(url, before=f"Of {url} ") for url in [target, *others]))
    fewer = site.web.put("http://fewer.example/", "".join(linking(url, before=f"On {url} ") for url in others))

    site.ping(SOURCE, target)
    site.ping(fewer, others[0])

    shown, held = site.thoughts()
    assert (held.state, held.reason) == ("held", "its page has 20 links to our posts")
    assert shown.state == "shown"
    assert SOURCE not in site.page(post)


def test_many_links_to_one_post_are_many_links(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target) * MANY_LINKS)

    site.ping(SOURCE, target)

    assert site.only_thought().state == "held"


def test_many_links_to_what_is_none_of_our_posts_say_nothing(site: Site, target: str) -> None:
    strange = [f"http://blog.example/posts/none-{number}" for number in range(30)]
    site.web.put(SOURCE, linking(target, *strange, *["http://blog.example/"] * 30))

    site.ping(SOURCE, target)

    assert site.only_thought().state == "shown"


def test_a_hidden_link_is_held_and_one_that_is_also_seen_is_not(site: Site, post: Post, target: str) -> None:
    hidden = f'<p>Words.</p><div style="display:none">{linking(target)}</div>'
    site.web.put(SOURCE, hidden)
    site.web.put("http://seen.example/", f"{hidden}<p>And <a href='{target}'>one to be seen</a>.</p>")

    site.ping(SOURCE, target)
    site.ping("http://seen.example/", target)

    seen, unseen = site.thoughts()
    assert (unseen.state, unseen.reason) == ("held", "its link is hidden from readers")
    assert seen.state == "shown"


def test_the_same_words_on_several_posts_are_held_from_whatever_page(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS)]
    for number, target in enumerate(targets):
        site.ping(site.web.put(f"http://host{number}.example/", linking(target, before="Cheap pills: ")), target)

    last, *before = site.thoughts()

    assert (last.state, last.reason) == ("held", "the same words are said about 3 posts")
    assert [thought.state for thought in before] == ["shown", "shown"], "two may be chance"


def test_a_sentence_that_links_to_several_posts_is_no_sign_of_spam(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS + 1)]
    site.web.put(SOURCE, linking(*targets, before="Read with pleasure this month: "))

    for target in targets:
        assert site.ping(SOURCE, target).outcome == "registered"

    assert site.states() == ["shown"] * (MANY_POSTS + 1)


def test_bait_that_is_switched_after_it_was_shown_is_held(site: Site, target: str) -> None:
    honest, hidden = "A fine post, I find: ", '<p style="display:none">Cheap pills: <a href="{}">here</a></p>'
    site.ping(site.web.put(SOURCE, linking(target, before=honest)), target)
    assert site.states() == ["shown"]

    site.web.put(SOURCE, hidden.format(target))
    site.clock.move(days=8)
    site.run_jobs()

    assert site.states() == ["held"]
    assert site.thoughts()[0].reason == "its link is hidden from readers"


def test_the_same_words_on_one_post_and_next_to_no_words_say_nothing(site: Site, target: str) -> None:
    posts = [site.url(site.publish(f"Post {number}")) for number in range(MANY_POSTS)]
    for number in range(MANY_POSTS + 1):
        site.ping(site.web.put(f"http://host{number}.example/", linking(target)), target)
    for number, url in enumerate(posts):
        picture = f'<title>Pictures {number}</title><img src="{url}">'
        site.ping(site.web.put(f"http://picture{number}.example/", picture), url)
        site.ping(site.web.put(f"http://short{number}.example/", f'<p>See <a href="{url}">this</a>.'), url)

    assert {thought.state for thought in site.thoughts()} == {"shown"}


def test_what_made_a_thought_look_like_spam_is_not_told_to_its_sender(site: Site, target: str) -> None:
    site.web.put(SOURCE, f"<div hidden>{linking(target)}</div>")
    receipt = site.ping(SOURCE, target).receipt

    told = site.receipt(receipt)

    assert told["reason"] == "waits for approval"
    assert told["timeline"][-1]["detail"] == "held: waits for approval"
    assert "hidden" not in site.client.get(receipt).text
    assert site.only_thought().reason == "its link is hidden from readers", "the moderator is told"
