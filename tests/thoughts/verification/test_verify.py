"""Verification: one fetch for all pings of a source, repeated attempts, and what changes later."""

from datetime import timedelta
from typing import Any

import pytest

from feedserver.errors import AddressForbidden, BadStatus, FetchError, HostUnknown, NotText, TimedOut
from feedserver.posts.model import Post
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.source.links import MAX_LINKS
from feedserver.thoughts.source.tokens import MAX_TOKENS
from feedserver.thoughts.verification.verify import Task, Verifier
from tests.thoughts.site import SOURCE, Site, linking, show

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_one_fetch_settles_all_pings_of_a_source(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(3)]
    site.web.fail(SOURCE, TimedOut("too slow"))
    for target in targets:
        assert site.ping(SOURCE, target).outcome == "accepted"

    site.web.put(SOURCE, linking(targets[0], targets[2]))
    site.clock.move(seconds=60)
    site.run_jobs()

    assert site.web.fetched == [SOURCE, SOURCE]
    assert site.states() == ["rejected", "shown", "shown"]
    assert site.pressing_jobs() == []


def test_a_source_that_was_read_a_moment_ago_is_not_fetched_for_the_next_post(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(3)]
    site.web.put(SOURCE, linking(*targets, before="Among all that there is to read I have read "))

    outcomes = [site.ping(SOURCE, target).outcome for target in targets]

    assert outcomes == ["registered"] * 3
    assert site.web.fetched == [SOURCE]
    assert [thought.excerpt for thought in site.thoughts()] == [
        "[…] Among all that there is to read I have read this post and liked it. […]"
    ] * 3


# --- a page of which a part was read ---


def test_a_link_in_the_part_that_came_is_a_link(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target), incomplete=True)

    assert site.ping(SOURCE, target).outcome == "registered"


def test_no_link_in_the_part_that_came_says_nothing(site: Site, target: str) -> None:
    second = site.url(site.publish("Second"))
    site.web.put(SOURCE, linking(target), incomplete=True)
    assert [site.ping(SOURCE, to).outcome for to in (target, second)] == ["registered", "accepted"]

    site.web.put(SOURCE, linking(second))
    site.clock.move(minutes=10)
    site.run_jobs()

    assert site.states() == ["gone", "shown"]


def test_a_retry_settles_what_the_part_links_to_and_goes_on_for_the_rest(site: Site) -> None:
    targets = [site.url(site.publish(f"Post {number}")) for number in range(2)]
    site.web.fail(SOURCE, TimedOut("too slow"))
    for to in targets:
        site.ping(SOURCE, to)

    site.web.put(SOURCE, linking(targets[0]), incomplete=True)
    site.clock.move(seconds=60)
    site.run_jobs()

    assert site.states() == ["received", "shown"]
    assert site.pressing_jobs() != []


def test_a_page_that_came_in_part_takes_nothing_away(site: Site, target: str) -> None:
    site.mention(target)
    site.web.put(SOURCE, linking(), incomplete=True)
    site.clock.move(minutes=10)

    assert site.ping(SOURCE, target).outcome == 48
    site.run_jobs()

    assert site.web.fetched == [SOURCE] * 2
    assert site.states() == ["shown"]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param({"html": linking(), "truncated": True}, id="longer than the limit"),
        pytest.param({"html": "<b>" * MAX_TOKENS + "<p>more"}, id="more tokens than are read"),
        pytest.param({"html": "<a href=/x>x</a>" * (MAX_LINKS + 1)}, id="more links than are read"),
    ],
)
def test_a_page_of_which_a_part_is_read_takes_nothing_away_and_gives_nothing(
    site: Site, target: str, page: dict[str, Any]
) -> None:
    site.mention(target)
    site.web.put(SOURCE, **page)
    site.clock.move(minutes=10)

    assert site.ping(SOURCE, target).outcome == 48
    site.run_jobs()
    assert site.web.fetched == [SOURCE] * 2
    assert site.states() == ["shown"]

    site.clock.move(minutes=10)
    answer = site.ping(SOURCE, site.url(site.publish("Second")))
    assert answer.outcome == 17
    assert site.client.get(f"{answer.receipt}.json").get_json()["reason"] == "no link before the size limit"
    assert site.states() == ["rejected", "shown"]


# --- our own pages as sources ---


def test_another_post_of_ours_is_read_without_http(site: Site, target: str) -> None:
    other = site.publish("Other post", body="I wrote about [this](/posts/a-post) before.")

    assert site.ping(site.url(other) + "/?utm_source=x#y", target).outcome == "registered"
    assert site.web.fetched == []
    thought = site.only_thought()
    assert (thought.author_name, thought.title) == ("Example Blog", "Other post")
    assert thought.excerpt == "[…] I wrote about this before. […]"


def test_a_renamed_post_of_ours_is_the_same_source(site: Site, target: str) -> None:
    site.publish("Other post", slug="other", body="I wrote about [this](/posts/a-post) before.")
    renamed = site.services.publisher.rename("other", "renamed")
    site.ping(site.url(renamed), target)

    assert site.ping("http://blog.example/posts/other", target).outcome == 48


def test_a_post_of_ours_that_was_renamed_since_has_its_thought_still(site: Site, target: str) -> None:
    own = site.publish("Other post", slug="other", body="I wrote about [this](/posts/a-post) before.")
    assert site.ping(site.url(own), target).outcome == "registered"
    renamed = site.services.publisher.rename("other", "renamed")

    answers = [site.ping(site.url(renamed), target), site.ping(site.url(own), target)]

    assert [answer.outcome for answer in answers] == [48, 48]
    assert site.only_thought().state == "shown"
    site.clock.move(days=8)
    site.run_jobs()
    assert site.only_thought().state == "shown"


def test_another_post_of_ours_without_a_link_is_17(site: Site, target: str) -> None:
    other = site.publish("Other post")

    assert site.ping(site.url(other), target).outcome == 17


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/feed.rss",
        "/posts/a-post/thoughts.rss",
        "/pingback",
        "/tags/x",
        "/posts/draft",
        "/posts/none",
        "/posts/%00",
    ],
)
def test_what_is_no_post_of_ours_is_16_as_a_source(site: Site, target: str, path: str) -> None:
    site.publish("Draft", slug="draft", draft="true", body="[link](/posts/a-post)")

    assert site.ping(f"http://blog.example{path}", target).outcome == 16
    assert site.web.fetched == []


def test_a_receipt_of_ours_is_16_as_a_source(site: Site, target: str) -> None:
    receipt = site.ping(SOURCE, target).receipt

    assert site.ping(f"http://blog.example{receipt}", target).outcome == 16


def test_a_source_that_leads_back_to_this_site_is_16(site: Site, post: Post, target: str) -> None:
    """Our pages link to each other; a redirect to one of them would make a thought that nobody wrote."""
    page = site.web.put("http://blog.example/tags/x", linking(target))
    site.web.pages[SOURCE] = site.web.pages[page]

    assert site.ping(SOURCE, target).outcome == 16


# --- what changes later ---


def inspect_again(site: Site, target: str) -> None:
    """Pings a known pair once more, and runs the job."""
    site.clock.move(seconds=300)
    assert site.ping(SOURCE, target).outcome == 48
    assert site.run_jobs() == 1


def test_a_known_pair_is_inspected_again_in_the_background_and_its_new_content_is_shown(
    site: Site, post: Post, target: str
) -> None:
    show(site, target)
    site.web.put(SOURCE, linking(target, before="Now I think that "))
    before = site.revision()

    inspect_again(site, target)

    assert "[…] Now I think that this post and liked it. […]" in site.page(post)
    assert site.revision() > before


def test_an_inspection_that_finds_nothing_new_changes_neither_revision_nor_receipt(site: Site, target: str) -> None:
    show(site, target)
    receipt = f"/receipts/{site.only_thought().receipt_token}"
    revision, told = site.revision(), site.receipt(receipt)

    inspect_again(site, target)

    assert site.revision() == revision
    again = site.receipt(receipt)
    assert "2026-03-14T18:05:00Z" <= again["next_check_at"] <= "2026-03-15T12:05:00Z"
    assert again == told | {"checked_at": "2026-03-08T12:05:00Z", "next_check_at": again["next_check_at"]}


def test_a_known_pair_is_inspected_again_when_limits_refetch_allows(site: Site, target: str) -> None:
    show(site, target)
    site.clock.move(seconds=10)

    for _ in range(3):
        assert site.ping(SOURCE, target).outcome == 48
        site.run_jobs()
    assert len(site.web.fetched) == 1
    receipt = site.receipt(f"/receipts/{site.only_thought().receipt_token}")
    assert receipt["next_check_at"] == "2026-03-08T12:05:00Z"

    site.clock.move(seconds=290)
    site.run_jobs()
    assert len(site.web.fetched) == 2


@pytest.mark.parametrize("gone", ["without the link", "410", "not a text"])
def test_a_source_that_has_taken_its_link_away_is_gone_and_back_with_it(
    site: Site, post: Post, target: str, gone: str
) -> None:
    show(site, target)
    if gone == "without the link":
        site.web.put(SOURCE, "<p>Nothing here.</p>")
    else:
        site.web.fail(SOURCE, BadStatus(410) if gone == "410" else NotText("a picture"))

    inspect_again(site, target)
    assert site.only_thought().state == "gone"
    assert SOURCE not in site.page(post)

    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=300)
    assert site.ping(SOURCE, target).outcome == "registered", "a gone pair is verified again"
    assert site.only_thought().state == "shown"
    assert SOURCE in site.page(post)


@pytest.mark.parametrize(("status", "state"), [(200, "gone"), (203, "gone"), (202, "shown"), (206, "shown")])
def test_only_an_answer_that_is_the_page_itself_shows_that_a_link_is_gone(
    site: Site, target: str, status: int, state: str
) -> None:
    site.web.put(SOURCE, linking(target), status=status)
    assert site.ping(SOURCE, target).outcome == "registered"
    site.web.put(SOURCE, "<p>Nothing here.</p>", status=status)

    inspect_again(site, target)

    assert site.only_thought().state == state


def test_what_was_held_is_held_again_when_its_link_comes_back(site: Site, target: str) -> None:
    show(site, target)
    site.moderate("hide")
    site.web.put(SOURCE, "<p>Nothing here.</p>")
    inspect_again(site, target)
    assert site.only_thought().state == "gone"

    site.web.put(SOURCE, linking(target))
    site.clock.move(seconds=300)

    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.only_thought().state == "held"


def test_a_404_is_rechecked_twice_within_a_day_before_the_thought_is_gone(site: Site, target: str) -> None:
    show(site, target)
    site.web.fail(SOURCE, BadStatus(404))
    inspect_again(site, target)
    first = site.clock()

    assert site.only_thought().state == "shown"
    site.run_next_job()
    assert site.only_thought().state == "shown"
    site.run_next_job()
    assert site.only_thought().state == "gone"
    assert site.clock() - first == timedelta(days=1)
    assert site.pressing_jobs() == []


def test_a_404_that_passes_is_forgotten(site: Site, target: str) -> None:
    show(site, target)
    site.web.fail(SOURCE, BadStatus(404))
    inspect_again(site, target)

    site.web.put(SOURCE, linking(target))
    site.run_next_job()

    assert (site.only_thought().state, site.only_thought().strikes) == ("shown", 0)
    assert site.pressing_jobs() == []


@on_sqlite
@pytest.mark.parametrize(
    "error", [TimedOut("x"), BadStatus(500), BadStatus(403), HostUnknown("x"), AddressForbidden("x")], ids=repr
)
def test_what_is_shown_stays_when_its_source_is_in_trouble(
    site: Site, post: Post, target: str, error: FetchError
) -> None:
    show(site, target)
    site.web.fail(SOURCE, error)
    revision = site.revision()

    inspect_again(site, target)
    for _ in range(12):
        site.run_next_job()

    assert site.only_thought().state == "shown"
    assert site.revision() == revision


def test_a_rejected_pair_is_verified_again_and_keeps_its_receipt(site: Site, target: str) -> None:
    rejected = site.ping(SOURCE, target)
    assert rejected.outcome == 16

    site.web.put(SOURCE, linking(target))
    again = site.ping(SOURCE, target + "#second")

    assert again.outcome == "registered"
    assert again.receipt == rejected.receipt
    told = site.receipt(again.receipt)
    assert (told["state"], told["target"]) == ("shown", target + "#second")
    assert [line["event"] for line in told["timeline"]] == ["received", "fetched", "found", "decided"] * 2


@pytest.mark.parametrize("action", ["spam", "delete"])
def test_spam_and_deleted_are_final_whatever_the_source_says(site: Site, target: str, action: Action) -> None:
    show(site, target)
    other = site.url(site.publish("Other"))
    site.moderate(action)
    state = site.only_thought().state

    site.web.put(SOURCE, linking(target, other))
    site.clock.move(seconds=300)
    assert site.ping(SOURCE, other).outcome == "registered"
    assert site.ping(SOURCE, target).outcome == 48

    assert site.states() == sorted([state, "shown"])


def test_a_304_settles_no_ping_that_came_between_the_transaction_and_the_fetch(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings that a 304 confirms say nothing of a post that was pinged later."""
    site.web.put(SOURCE, linking(target, site.services.urls.post("later")), etag='"one"')
    assert site.ping(SOURCE, target).outcome == "registered"
    later = site.url(site.publish("Later", slug="later"))
    site.clock.move(seconds=400)
    assert site.ping(SOURCE, target).outcome == 48
    verify = Verifier.verify

    def ping_first(self: Verifier, task: Task) -> None:
        monkeypatch.setattr(Verifier, "verify", verify)
        site.clock.move(seconds=0.001)
        site.ping(SOURCE, later)
        site.clock.move(seconds=0.001)
        verify(self, task)

    monkeypatch.setattr(Verifier, "verify", ping_first)
    site.run_jobs()
    site.clock.move(seconds=400)
    site.run_jobs()

    assert site.states() == ["shown", "shown"]
