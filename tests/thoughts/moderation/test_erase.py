"""Erasing thoughts: nothing that tells of somebody stays anywhere, and nothing brings it back."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from feedserver.errors import StorageError, ThoughtError
from feedserver.jobs import housekeeping
from feedserver.posts.model import Post
from feedserver.storage.schema import host_rules, metadata, rate_limits, thoughts
from feedserver.thoughts import comments, removed
from feedserver.thoughts.lifecycle import Verdict
from feedserver.thoughts.moderation.actions import moderate_all, undo
from feedserver.thoughts.moderation.erase import erase, ids_of_email, ids_of_post
from feedserver.thoughts.moderation.purge import purge
from feedserver.thoughts.removed import Removed
from tests.feeds.happenings import say
from tests.thoughts.forms import Commenter
from tests.thoughts.moderation.conftest import OTHER
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

SECRETS = ("Ann Secret", "secretwords", "ann-secret.example", "ann@secret.example", "203.0.113.77")
PAGE = "http://ann-secret.example/secretpath"
# What stays of an erased thought: nothing of it tells of anybody.
KEPT = {
    *("id", "guid", "receipt_token", "post_id", "kind", "state", "reason", "submission"),
    *("received_at", "checked_at", "decided_at", "approved", "strikes", "size", "word_bytes", "position"),
    "first_shown_at",
}


def page(*targets: str, words: str = "secretwords about") -> str:
    html = linking(*targets, before=f"{words} ", title="Ann Secret")
    return html.replace("<head>", '<head><meta name="author" content="Ann Secret">')


def secrets_in(site: Site) -> list[str]:
    """The rows that tell of somebody, of all tables but the counters of the last minute."""
    with site.services.database.read() as connection:
        rows = [
            f"{table.name}: {tuple(row)}"
            for table in metadata.sorted_tables
            if table is not rate_limits
            for row in connection.execute(select(table)).all()
        ]
    return [row for row in rows if "secret" in row.replace("Secret", "secret") or SECRETS[-1] in row]


def only_id(site: Site, source: str = PAGE) -> int:
    (found,) = [thought.id for thought in site.thoughts() if thought.source == source]
    return found


def keep_house(site: Site, days: int) -> None:
    """Lets days pass, and erases what is not kept for so long."""
    site.clock.move(days=days)
    site.services.database.transact(lambda connection: housekeeping.bring_forward(connection, site.clock()))
    site.run_jobs()


def erase_ping(site: Site, source: str = PAGE) -> None:
    erase(site.services.database, [only_id(site, source)], site.clock())


def live_a_full_life(site: Site, target: str) -> str:
    """A thought whose words, names and addresses stand wherever they can; returns the path of its receipt."""
    site.web.put(PAGE, page(target), etag='"secretwords"')
    answer = site.ping(PAGE, target, sender="203.0.113.77")
    site.web.put(f"{PAGE}?utm=1", page(target))
    site.ping(f"{PAGE}?utm=1", target, sender="203.0.113.77")  # joins it
    site.moderate("approve", PAGE)
    site.web.put(PAGE, page(target, words="new secretwords about"))
    site.run_next_job()
    site.moderate("hide", PAGE)
    site.moderate("approve", PAGE)
    return answer.receipt


def test_nothing_that_tells_of_somebody_stays_and_the_receipt_says_so(site: Site, post: Post, target: str) -> None:
    receipt = live_a_full_life(site, target)
    assert all(secret in "".join(secrets_in(site)) for secret in SECRETS[:3])
    thought_id, revision = only_id(site), site.revision()

    assert erase(site.services.database, [thought_id], site.clock()) == [thought_id]

    assert secrets_in(site) == []
    with site.services.database.read() as connection:
        assert connection.execute(select(rate_limits)).all() == []
    thought = site.only_thought()
    assert (thought.state, thought.source, thought.target, thought.author_name) == ("deleted", None, None, "")
    told = site.receipt(receipt)
    assert (told["state"], told["source"], told["target"]) == ("deleted", None, None)
    assert told["reason"].startswith("erased")
    assert [line["event"] for line in told["timeline"]] == ["erased"]
    assert "erased" in site.client.get(receipt).text
    assert "secret" not in site.page(post)
    assert site.revision() > revision


def test_each_column_of_a_thought_is_cleared_or_known_to_tell_of_nobody(site: Site, target: str) -> None:
    live_a_full_life(site, target)
    erase_ping(site)

    with site.services.database.read() as connection:
        row = connection.execute(select(thoughts)).one()
    told = {name for name, value in row._mapping.items() if value not in (None, "")}

    assert told == KEPT - {"submission"}, "a comment has that: a hash of random characters"


def test_a_comment_goes_with_its_email_and_is_not_taken_again(site: Site, post: Post) -> None:
    commenter = Commenter(site, post.slug)
    sent = {"comment": "secretwords", "name": "Ann Secret", "email": "Ann@Secret.example", "website": ""}
    commenter.send(None, **sent)
    (thought,) = site.thoughts()
    with site.services.database.read() as connection:
        ids = ids_of_email(connection, " ann@SECRET.example")
    assert ids == [thought.id]

    erase(site.services.database, ids, site.clock())
    again = commenter.send(None, **sent)

    assert (again.status_code, again.headers["Location"].partition("?")[2]) == (303, "comment=held#comment-form")
    assert site.states() == ["deleted"]
    assert secrets_in(site) == []
    other = commenter.send(comment="Other words.", name="Ann Secret")
    assert (other.status_code, site.states()) == (303, ["deleted", "held"])


def test_what_an_erased_post_says_on_other_posts_goes_with_it(site: Site, target: str) -> None:
    post = site.publish("Ann Secret", body=f"The secretwords about [a post]({target}).")
    site.publish("Another", body=f"Other words about [a post]({target}).")
    site.ping(site.url(post), target)
    site.ping("http://blog.example/posts/another", target)
    site.mention(site.url(post))
    site.services.publisher.delete(post.slug)
    site.run_jobs()
    assert "secretwords" in str(site.thoughts())

    site.services.publisher.erase(post.slug)
    with site.services.database.read() as connection:
        ids = ids_of_post(connection, post.id)
    erase(site.services.database, ids, site.clock())

    assert [row for row in secrets_in(site) if "secretwords" in row or "Ann Secret" in row] == []
    assert site.states() == ["deleted", "deleted", "shown"]


@pytest.mark.parametrize(
    "source", [PAGE, PAGE.replace("http:", "https:"), "http://ANN-secret.example:80/%73ecretpath#x"]
)
def test_a_new_ping_of_what_was_erased_is_known_without_a_fetch(site: Site, target: str, source: str) -> None:
    site.web.put(PAGE, page(target))
    receipt = site.ping(PAGE, target).receipt
    erase_ping(site)
    site.clock.move(days=10)
    fetched = len(site.web.fetched)

    answer = site.ping(source, target)

    assert (answer.outcome, answer.receipt) == (48, receipt)
    assert (site.states(), len(site.web.fetched)) == (["deleted"], fetched)
    assert site.jobs() == []


@pytest.mark.parametrize("how", ["redirect", "canonical", "query"])
def test_what_was_erased_is_known_under_every_address_after_a_look(site: Site, target: str, how: str) -> None:
    site.web.put(PAGE, page(target))
    site.ping(PAGE, target)
    erase_ping(site)
    address = f"{PAGE}?again" if how == "query" else "http://ann-secret.example/another"
    html = page(target)
    if how == "canonical":
        html = html.replace("<head>", f'<head><link rel="canonical" href="{PAGE}">')
    site.web.put(address, html, redirected_to=PAGE if how == "redirect" else None)

    answer = site.ping(address, target)

    assert answer.outcome == 48
    assert (site.receipt(answer.receipt)["state"], site.states()) == ("deleted", ["deleted"])
    assert secrets_in(site) == []
    site.clock.move(days=40)
    site.run_jobs()
    assert secrets_in(site) == []


def test_a_look_for_another_post_brings_no_words_back(site_with: SiteWith) -> None:
    site = site_with()
    first, second = site.url(site.publish("First")), site.url(site.publish("Second"))
    site.web.put(PAGE, linking(first, before="secretwords of the first "))
    site.ping(PAGE, first)
    erase_ping(site)
    site.web.put(
        PAGE, linking(first, before="secretwords of the first ") + linking(second, before="Words of the second ")
    )

    site.clock.move(days=1)
    assert site.ping(PAGE, second).outcome == "registered"

    assert not any("secretwords" in row for row in secrets_in(site))
    assert sorted(site.states()) == ["deleted", "shown"]
    assert site.ping(PAGE, first).outcome == 48


def test_the_other_thoughts_of_a_source_stay_and_are_looked_at_again(site_with: SiteWith) -> None:
    site = site_with()
    first, second = site.url(site.publish("First")), site.url(site.publish("Second"))
    site.web.put(PAGE, page(first, second))
    for target in (first, second):
        site.ping(PAGE, target)
    erased = next(thought.id for thought in site.thoughts() if thought.post_slug == "first")

    erase(site.services.database, [erased], site.clock())

    assert len(site.jobs()) == 1
    site.run_next_job()
    assert sorted(site.states()) == ["deleted", "shown"]


def test_a_thought_whose_page_leads_to_what_was_erased_does_not_show_its_words(site: Site, target: str) -> None:
    site.web.put(PAGE, page(target))
    site.ping(PAGE, target)
    site.mention(target, OTHER)
    erase_ping(site)
    site.web.put(OTHER, page(target), redirected_to=PAGE)

    site.run_next_job()

    assert site.states() == ["deleted"]
    assert secrets_in(site) == []


def test_a_ping_that_is_erased_during_its_fetch_is_answered_and_leaves_nothing(site: Site, target: str) -> None:
    site.web.put(PAGE, page(target))
    site.web.meanwhile = lambda: erase_ping(site)

    assert site.ping(PAGE, target).outcome == 48

    assert (site.states(), site.jobs()) == (["deleted"], [])
    assert secrets_in(site) == []


def test_neither_undo_nor_an_action_brings_an_erased_thought_back(site: Site, target: str) -> None:
    site.mention(target)
    site.mention(target, PAGE)
    site.moderate("spam")
    moderated = [thought.id for thought in site.thoughts()]
    moderate_all(site.services.database, moderated, "hide", site.clock())
    erase_ping(site)

    with pytest.raises(ThoughtError, match="erasing, which cannot be undone"):
        undo(site.services.database, site.clock())
    thought_id = next(thought.id for thought in site.thoughts() if thought.state == "deleted")
    for action in ("approve", "hide", "spam", "delete"):
        result = moderate_all(site.services.database, [thought_id], action, site.clock())
        assert "was erased" in str(result.refused[0])
    assert sorted(site.states()) == ["deleted", "held"]


def test_erasing_twice_is_harmless_and_unknown_ids_are_left_out(site: Site, target: str) -> None:
    receipt = site.mention(target).receipt
    (thought,) = site.thoughts()

    for _ in range(2):
        assert erase(site.services.database, [thought.id, 999], site.clock()) == [thought.id]

    assert [line["event"] for line in site.receipt(receipt)["timeline"]] == ["erased"]
    assert site.ping(SOURCE, target).outcome == 48


def test_the_hashes_of_what_was_erased_outlive_the_bound_for_those_of_spam(site_with: SiteWith) -> None:
    site = site_with(keep_most_refused_bytes=0)
    site.mention(site.target)
    erase_ping(site, SOURCE)

    keep_house(site, days=400)

    assert site.ping(SOURCE, site.target).outcome == 48


def test_words_that_were_erased_stay_known_when_a_copy_of_them_is_spam_and_expires(
    site_with: SiteWith, post: Post
) -> None:
    site = site_with(keep_spam=1, keep_most_refused_bytes=0)
    for _ in range(2):
        say(site.services, post, "secretwords")
    first, copy = sorted(thought.id for thought in site.thoughts())
    erase(site.services.database, [first], site.clock())
    moderate_all(site.services.database, [copy], "spam", site.clock())

    keep_house(site, days=400)

    assert [thought.id for thought in site.thoughts()] == [first]
    with site.services.database.read() as connection:
        found = removed.find(connection, post.id, [removed.name_of_comment("Bob", "secretwords")])
    assert found == Removed(first)


def test_a_name_in_the_log_of_purges_goes_with_its_host(site: Site, target: str) -> None:
    site.mention(target, PAGE)
    purge(site.services.database, "ann-secret.example", site.clock())
    site.mention(target, "http://ann-secret.example/later")
    (thought,) = site.thoughts()

    erase(site.services.database, [thought.id], site.clock(), host="ann-secret.example")

    assert secrets_in(site) == []


def test_many_thoughts_are_erased_in_small_transactions(site: Site, post: Post) -> None:
    def add(number: int) -> int:
        comment = comments.Comment(f"secretwords {number}", "Ann Secret", "ann@secret.example", "", f"form {number}")
        with site.services.database.write() as connection:
            return comments.add(connection, post.id, comment, Verdict("shown", "shown"), site.clock()).id

    ids = [add(number) for number in range(250)]
    writes = site.services.database.writes

    assert erase(site.services.database, ids, site.clock()) == ids

    assert site.services.database.writes == writes + 3
    assert secrets_in(site) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL reuses the place at its next vacuum
def test_the_bytes_leave_the_file_of_sqlite_and_its_log(site: Site, target: str) -> None:
    file = site.services.database.file
    live_a_full_life(site, target)
    for number in range(60):  # pages of the file split, and old copies stay in them
        site.mention(target, f"http://other{number}.example/", before="x" * 500)

    def found() -> set[str]:
        content = b"".join(Path(f"{file}{ending}").read_bytes() for ending in ("", "-wal"))
        return {secret for secret in SECRETS if secret.encode() in content}

    assert found() >= {"secretwords", "Ann Secret", "ann-secret.example"}

    erase_ping(site)
    site.services.database.forget_deleted()

    assert found() == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_may_still_be_read_in_the_file_is_said(site: Site, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site.mention(target, PAGE)
    monkeypatch.setattr("feedserver.storage.sqlite_engine.BUSY_SECONDS", 0.1)
    site.services.database.close()

    with site.services.database.read() as connection:
        connection.execute(select(thoughts.c.id)).all()  # a reader that needs what the log holds
        with site.services.database.write() as other:
            other.execute(insert(host_rules).values(host="x.example", rule="block", created_at=site.clock()))
        with pytest.raises(StorageError, match="may still hold what was erased"):
            site.services.database.forget_deleted()
