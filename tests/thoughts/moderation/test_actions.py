"""Moderation actions, pending content, and the list that a moderator filters."""

import pytest
from sqlalchemy import update

from feedserver.errors import ThoughtError, ThoughtNotFound
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.storage.schema import thoughts
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation.actions import moderate_all
from feedserver.thoughts.moderation.seen import version_of
from tests.support.listing import listing
from tests.support.moderating import moderate
from tests.thoughts.moderation.conftest import OTHER
from tests.thoughts.site import SOURCE, Site, SiteWith, linking


@pytest.mark.parametrize(
    ("action", "state"), [("approve", "shown"), ("hide", "held"), ("spam", "spam"), ("delete", "deleted")]
)
def test_an_action_changes_state_page_and_receipt(site_with: SiteWith, action: Action, state: str) -> None:
    site = site_with(moderation_pingbacks="hold" if action == "approve" else "show")
    post = site.publish()
    site.web.put(SOURCE, linking(site.url(post)))
    receipt = site.ping(SOURCE, site.url(post)).receipt
    before = site.revision()

    for _ in range(2):
        assert site.moderate(action).state == state

    assert (SOURCE in site.page(post)) == (state == "shown")
    assert site.receipt(receipt)["state"] == state
    assert site.receipt(receipt)["timeline"][-1]["event"] == "decided"
    assert site.revision() > before


def test_nothing_is_shown_of_a_ping_that_was_never_verified(site: Site, target: str) -> None:
    site.ping(SOURCE, target)
    actions: list[Action] = ["approve", "hide"]

    for action in actions:
        with pytest.raises(ThoughtError, match="never verified"):
            site.moderate(action)
    assert site.only_thought().state == "rejected"
    assert site.moderate("spam").state == "spam"


def test_an_unknown_id_is_refused(site: Site) -> None:
    with pytest.raises(ThoughtNotFound, match="no thought has the id 17"):
        moderate(site.services.database, 17, "approve", site.clock())


def test_approved_content_stays_when_the_source_changes_and_the_new_content_is_held_beside_it(
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


@pytest.mark.parametrize(("action", "state"), [("approve", "shown"), ("hide", "held")])
def test_a_link_that_comes_back_restores_the_state_that_a_moderator_gave(
    site: Site, post: Post, target: str, action: Action, state: str
) -> None:
    site.mention(target, before="A kind opinion about ")
    site.moderate(action)
    site.web.put(SOURCE, "<p>Nothing.</p>")
    site.run_next_job()
    assert site.states() == ["gone"]

    site.web.put(SOURCE, linking(target, before="Buy pills and forget "))
    site.clock.move(seconds=300)
    assert site.ping(SOURCE, target).outcome == "registered"

    if state == "held":
        assert site.states() == ["held"]
        assert "opinion" not in site.page(post)
    else:
        held, shown = site.thoughts()
        assert (held.state, shown.state, shown.approved) == ("held", "shown", True)
        assert "A kind opinion" in site.page(post)


def test_words_of_an_earlier_release_that_are_the_same_do_not_wait_again(site: Site, target: str) -> None:
    site.mention(target, before="An opinion of so many words that they can be compared: ")
    site.moderate("approve")
    with site.services.database.write() as connection:
        connection.execute(update(thoughts).values(fingerprint=None))

    site.run_next_job()

    assert site.only_thought().fingerprint is not None
    assert site.only_thought().pending_content is None


def test_approving_again_shows_the_pending_content(changed_after_approval: Site, post: Post) -> None:
    site = changed_after_approval

    site.moderate("approve")

    assert "Buy pills" in site.page(post)
    assert len(site.thoughts()) == 1


@pytest.mark.parametrize("action", ["hide", "spam", "delete"])
def test_pending_content_goes_with_its_thought(changed_after_approval: Site, action: Action) -> None:
    site = changed_after_approval

    site.moderate(action)

    assert site.only_thought().excerpt.startswith("[…] A kind opinion")


def test_pending_content_survives_a_404(changed_after_approval: Site, target: str) -> None:
    site = changed_after_approval
    site.web.pages.clear()
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.run_jobs()

    assert site.states() == ["held", "shown"]


def listed(site: Site, state: str) -> list[object]:
    with site.services.database.read() as connection:
        return [*listing(connection, posts.slug_owner(connection, "a-post"), state)]  # type: ignore[arg-type]


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


def test_a_limit_counts_pending_content_too(changed_after_approval: Site) -> None:
    with changed_after_approval.services.database.read() as connection:
        (only,) = listing(connection, limit=1)

    assert (only.state, only.pending_content) == ("held", None)


def test_a_thought_whose_words_have_changed_since_they_were_read_is_not_approved(
    changed_after_approval: Site, target: str
) -> None:
    site = changed_after_approval
    (seen,) = {version_of(thought) for thought in site.thoughts() if thought.pending_content}
    site.web.put(SOURCE, linking(target, before="Even worse words about "))
    site.clock.move(seconds=300)
    site.ping(SOURCE, target)
    site.run_jobs()
    thought_id = site.thoughts()[0].id

    done = moderate_all(site.services.database, [thought_id], "approve", site.clock(), seen={thought_id: seen})

    assert [str(error) for error in done.refused] == [
        f"thought {thought_id} has changed meanwhile: it is shown now (approved)"
    ]
    assert site.thoughts()[0].state == "held", "the newest words wait still"


def test_a_thought_on_which_somebody_else_has_decided_meanwhile_stays_so(three: Site) -> None:
    database, now, thought = three.services.database, three.clock(), three.thoughts()[0]
    moderate_all(database, [thought.id], "spam", now, account="bob")

    done = moderate_all(database, [thought.id], "approve", now, account="ann", seen={thought.id: version_of(thought)})

    assert "it is spam now (not wanted here, by bob)" in str(done.refused[0])
    assert three.states() == ["held", "held", "spam"]


def test_an_action_that_is_sent_twice_is_done_once_and_nothing_is_refused(three: Site) -> None:
    database, now, thought = three.services.database, three.clock(), three.thoughts()[0]
    seen = {thought.id: version_of(thought)}

    first, second = (moderate_all(database, seen, "approve", now, account="ann", seen=seen) for _ in range(2))

    assert (first.refused, second.refused, second.logged) == ((), (), None)
