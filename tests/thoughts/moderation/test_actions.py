"""The owner's word: rules for hosts, what is shown at once, and what a moderator does."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.posts.model import Post
from feedserver.storage.schema import metadata
from feedserver.thoughts.listing import listing
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation import undo as acts
from feedserver.thoughts.moderation.actions import Act, moderate, moderate_all, undo
from feedserver.thoughts.moderation.purge import purge
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
            return hosts.rule_for(connection, f"http://{host}/")

    assert rule("good.example") == rule("www.good.example") == "trust"
    assert rule("verygood.example") == rule("example") == "block"
    assert rule("other.test") is None
    assert rule("[2001:db8::1]") == "block"
    assert rule("[2001:db8::2]") is None
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


# --- taking an act back ---


def kept(site: Site) -> list[tuple[object, ...]]:
    """What a moderator's act may change of each thought."""
    return [
        (one.id, one.state, one.reason, one.content, one.approved, one.restore, one.pending_content)
        for one in site.thoughts()
    ]


@pytest.fixture
def three(site_with: Callable[..., Site]) -> Site:
    """A site with three held thoughts."""
    site = site_with(moderation_pingbacks="hold")
    target = site.url(site.publish())
    for source in (SOURCE, OTHER, "http://third.example/"):
        site.web.put(source, linking(target))
        site.ping(source, target)
    return site


@pytest.mark.parametrize("act", ["approve", "hide", "spam", "delete"])
def test_the_whole_last_act_is_taken_back(three: Site, act: Act) -> None:
    database, now = three.services.database, three.clock()
    moderate(database, three.thoughts()[0].id, "approve", now)
    before, revision = kept(three), three.revision()
    done = moderate_all(database, [thought.id for thought in three.thoughts()], act, now)
    assert kept(three) != before
    assert len(done.thoughts) == 3

    undone = undo(database, now)

    assert kept(three) == before
    assert {thought.id for thought in undone.thoughts} >= {thought[0] for thought in before[1:]}
    assert three.revision() > revision
    undo(database, now)
    assert three.states() == ["held"] * 3, "and then the act before"
    with pytest.raises(ThoughtError, match="no act to take back"):
        undo(database, now)


def test_an_act_that_changes_nothing_is_not_the_one_that_is_taken_back(three: Site) -> None:
    database, now, thought_id = three.services.database, three.clock(), three.thoughts()[0].id
    moderate(database, thought_id, "approve", now)
    moderate(database, thought_id, "approve", now)

    undo(database, now)

    assert three.states() == ["held"] * 3


def test_new_words_wait_again_when_the_act_that_took_them_is_taken_back(changed_after_approval: Site) -> None:
    site = changed_after_approval
    before = kept(site)
    for act in ("approve", "hide", "spam", "delete"):
        site.moderate(act)  # type: ignore[arg-type]

        undo(site.services.database, site.clock())

        assert kept(site) == before


def test_spam_that_was_never_verified_waits_again_when_it_is_taken_back(site_with: Callable[..., Site]) -> None:
    site = site_with(pingback_places=0)
    target = site.url(site.publish())
    site.web.put(SOURCE, linking(target))
    site.ping(SOURCE, target)
    site.moderate("spam")
    site.run_jobs()
    assert (site.states(), site.jobs(), site.web.fetched) == (["spam"], [], [])

    undo(site.services.database, site.clock())
    assert site.states() == ["received"]
    site.run_jobs()

    assert site.states() == ["shown"]


def test_what_a_look_has_found_since_outlives_the_undoing(site: Site, post: Post, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.ping(SOURCE, target)
    site.moderate("approve")
    site.web.put(SOURCE, "<p>Nothing here.</p>")
    site.run_next_job()

    undo(site.services.database, site.clock())

    assert (site.only_thought().state, site.only_thought().restore) == ("gone", "shown")
    assert not site.only_thought().approved


def test_only_so_many_acts_are_kept(three: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "KEPT", 2)
    turns: list[Act] = ["approve", "hide", "spam", "delete"]
    for act in turns:
        three.moderate(act)

    undo(three.services.database, three.clock())
    undo(three.services.database, three.clock())

    assert "held" in three.states()
    with pytest.raises(ThoughtError, match="no act to take back"):
        undo(three.services.database, three.clock())


# --- what a moderator looks for ---


def test_thoughts_are_found_by_host_kind_and_source(three: Site) -> None:
    def sources(**wanted: object) -> list[str | None]:
        with three.services.database.read() as connection:
            return [thought.source for thought in listing(connection, **wanted)]  # type: ignore[arg-type]

    assert sources(host="other.example") == [OTHER, SOURCE]
    assert sources(host="example") == ["http://third.example/", OTHER, SOURCE]
    assert sources(host="er.example") == []
    assert sources(source="ANOTHER") == [OTHER]
    assert sources(source="%") == sources(source="_") == []
    assert sources(kind="comment") == []
    assert sources(limit=1) == ["http://third.example/"]
    assert sources(host="other.example", source="2026", state="held", kind="pingback") == [SOURCE]


def test_a_limit_counts_new_words_too(changed_after_approval: Site) -> None:
    with changed_after_approval.services.database.read() as connection:
        (only,) = listing(connection, limit=1)

    assert (only.state, only.pending_content) == ("held", None)


# --- removing a host for good ---


def everything_stored(site: Site) -> str:
    """All that the database holds, as text."""
    with site.services.database.read() as connection:
        return "\n".join(
            str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)).all()
        )


def test_a_purge_leaves_nothing_of_a_host_and_all_of_the_others(site: Site, post: Post, target: str) -> None:
    sources = [SOURCE, "http://sub.other.example/page", "http://another.example/", "http://notother.example/"]
    for source in sources:
        site.web.put(source, linking(target, before=f"A secret of {source}: ", title=f"Title of {source}"), etag='"x"')
        site.ping(source, target)
    site.moderate("approve")
    site.web.put(SOURCE, linking(target, before="New secret of http://other.example/: "))
    site.run_next_job()
    receipt = f"/receipts/{next(one.receipt_token for one in site.thoughts() if one.source == SOURCE)}"
    revision = site.revision()

    removed = purge(site.services.database, "other.example", site.clock())

    assert (removed.thoughts, removed.shown, removed.source_keys, removed.jobs) == (2, 2, 2, 2)
    left = everything_stored(site)
    assert "/other.example" not in left
    assert "sub.other.example" not in left
    assert left.count("A secret of http://another.example/") >= 2, "its thought, and what its page said"
    assert [thought.source for thought in site.thoughts()] == sources[:1:-1]
    assert len(site.jobs()) == 2
    assert site.client.get(receipt).status_code == 404
    assert SOURCE not in site.page(post)
    assert site.revision() > revision


def test_a_purge_is_not_taken_back_nor_what_came_before_it(three: Site) -> None:
    three.moderate("approve")
    purge(three.services.database, "other.example", three.clock())

    with pytest.raises(ThoughtError, match=r"purge of other\.example, which cannot be taken back"):
        undo(three.services.database, three.clock())

    three.moderate("spam", "http://third.example/")
    undo(three.services.database, three.clock())
    assert three.states() == ["held"]


def test_a_purge_of_a_host_that_never_wrote_is_no_act(three: Site) -> None:
    three.moderate("approve")

    assert purge(three.services.database, "unknown.example", three.clock()).thoughts == 0

    undo(three.services.database, three.clock())
    assert three.states() == ["held"] * 3


def test_a_ping_that_is_purged_while_its_source_is_on_the_way_is_answered_and_leaves_nothing(
    site: Site, target: str
) -> None:
    site.web.put(SOURCE, linking(target))
    site.web.meanwhile = lambda: purge(site.services.database, "other.example", site.clock())

    assert site.ping(SOURCE, target).outcome == "accepted"

    assert (site.thoughts(), site.jobs()) == ([], [])
    assert "/other.example" not in everything_stored(site)


def test_a_purged_host_may_come_again(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.ping(SOURCE, target)
    purge(site.services.database, "other.example", site.clock())

    assert site.ping(SOURCE, target).outcome == "registered"
