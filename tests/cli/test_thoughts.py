"""`feedserver thought …` and `feedserver host …`: moderation, and rules for source hosts."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedserver.posts import store as posts
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts import store
from feedserver.thoughts.lifecycle import Decision
from feedserver.thoughts.model import Content, State, Thought
from tests.cli.conftest import Run

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
Add = Callable[..., Thought]


@pytest.fixture
def post(run: Run, site: Path) -> str:
    run("post", "add", "-", given=b"---\ntitle: Hello\n---\nWords.")
    return "hello"


@pytest.fixture
def comment(database: Database, post: str) -> Add:
    """Stores a comment on the post."""

    def add(state: State = "held", name: str = "Cleo", text: str = "What a post.") -> Thought:
        with database.write() as connection:
            found = posts.by_slug(connection, post)
            assert found is not None
            return store.add_comment(
                connection,
                post_id=found.id,
                state=state,
                reason="waits for approval",
                name=name,
                email="cleo@example.com",
                website="",
                text=text,
                submission=f"{name}-{state}",
                now=NOW,
            )

    return add


@pytest.fixture
def ping(database: Database, post: str) -> Add:
    """Stores a ping on the post, a verified one if content is given."""

    def add(source: str = "http://other.example/1", content: Content | None = None) -> Thought:
        with database.write() as connection:
            found = posts.by_slug(connection, post)
            assert found is not None
            thought = store.add_ping(
                connection,
                post_id=found.id,
                post_slug=found.slug,
                source=source,
                source_key=source,
                target="http://blog.example/posts/hello",
                host="other.example",
                sender="192.0.2.1",
                now=NOW,
            )
            if content:
                decision = Decision("shown", "verified", content, restore=None, strikes=0, first_strike_at=None)
                store.settle(connection, thought, decision, NOW)
        return thought

    return add


def test_the_list_has_every_key_always(run: Run, comment: Add, ping: Add) -> None:
    waiting = ping()
    said = comment()

    listed = {thought["id"]: thought for thought in json.loads(run("thought", "list", "--json").text)}

    assert listed[said.id] == {
        "id": said.id,
        "state": "held",
        "reason": "waits for approval",
        "kind": "comment",
        "response": None,
        "parent": None,
        "post": "hello",
        "source": None,
        "author_name": "Cleo",
        "author_url": None,
        "email": "cleo@example.com",
        "title": None,
        "excerpt": "What a post.",
        "received_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
        "receipt": None,
    }
    found = listed[waiting.id]
    assert list(found) == list(listed[said.id])
    assert (found["kind"], found["state"], found["source"]) == ("pingback", "received", "http://other.example/1")
    assert (found["author_name"], found["author_url"], found["title"], found["excerpt"]) == (None, None, None, None)
    assert (found["response"], found["parent"], found["email"]) == (None, None, None)
    assert found["receipt"] == f"http://blog.example/receipts/{waiting.receipt_token}"


PINGED = Content("The Far Shore", "http://other.example/", "A title", "[…] I read this post […]")


@pytest.fixture
def changed(ping: Add, database: Database) -> Thought:
    """A thought whose approved words stand while new ones wait."""
    thought = ping(content=PINGED)
    new = replace(PINGED, excerpt="[…] I loved this post […]", title="A new title")
    decision = Decision("shown", "approved", PINGED, None, 0, None, approved=True)
    with database.write() as connection:
        before = replace(thought, **asdict(PINGED))
        store.settle(connection, before, replace(decision, pending_content=new), NOW + timedelta(days=9))
    return thought


def test_new_words_that_wait_are_listed_with_the_time_at_which_they_came(run: Run, changed: Thought) -> None:
    new, old = json.loads(run("thought", "list", "--json").text)

    assert (new["id"], new["state"], new["title"]) == (changed.id, "held", "A new title")
    assert (old["id"], old["state"], old["title"]) == (changed.id, "shown", "A title")
    assert (new["updated_at"], old["updated_at"]) == ("2026-02-09T12:00:00Z", "2026-01-31T12:00:00Z")


def test_show_tells_the_words_that_stand_and_the_new_ones_that_wait(run: Run, changed: Thought) -> None:
    told = json.loads(run("thought", "show", changed.id, "--json").text)
    (listed,) = json.loads(run("thought", "list", "--json", "--state", "shown").text)

    assert told == listed | {
        "pending": {
            "response": None,
            "author_name": "The Far Shore",
            "author_url": "http://other.example/",
            "title": "A new title",
            "excerpt": "[…] I loved this post […]",
        }
    }
    text = run("thought", "show", changed.id).text
    assert "excerpt: […] I read this post […]" in text
    assert "\n  excerpt: […] I loved this post […]" in text


def test_show_tells_a_comment_with_all_its_lines_its_email_and_why_it_waits(
    run: Run, comment: Add, database: Database
) -> None:
    thought = comment(text="One line.\n\nAnother: line.")

    told = run("thought", "show", thought.id)

    assert told.status == 0
    for line in ["state: held", "reason: waits for approval", "kind: comment", "email: cleo@example.com"]:
        assert line in told.out
    assert told.out[told.out.index("excerpt:") + 1 :][:3] == ["  One line.", "  ", "  Another: line."]
    assert "received_at: 2026-01-31 12:00 UTC" in told.out
    assert "pending: –" in told.out


def test_show_refuses_an_unknown_id(run: Run, post: str) -> None:
    refused = run("thought", "show", 17)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "no thought has the id 17" in refused.err[0]


@pytest.mark.parametrize("command", [["list"], ["show", "1"]], ids=["list", "show"])
def test_no_control_or_bidi_character_of_a_stranger_reaches_the_terminal(
    run: Run, comment: Add, command: list[str]
) -> None:
    comment(name="Cl\u202eeo\x1b[31m\u2067\x9b")

    assert "Cleo[31m" in run("thought", *command).text
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", run("thought", *command).text
    )


def test_the_list_can_be_narrowed(run: Run, comment: Add, ping: Add) -> None:
    comment("held", "Held")
    comment("shown", "Shown")
    run("post", "add", "-", given=b"---\ntitle: Other\n---\nWords.")
    run("post", "rename", "hello", "renamed")

    def names(*arguments: str) -> list[str]:
        return sorted(
            thought["author_name"] for thought in json.loads(run("thought", "list", "--json", *arguments).text)
        )

    assert names() == ["Held", "Shown"]
    assert names("--state", "held") == ["Held"]
    assert names("--post", "renamed") == ["Held", "Shown"]
    assert names("--post", "hello") == ["Held", "Shown"], "a former slug names the same post"
    assert names("--post", "other") == []
    assert names("--post", "renamed", "--state", "spam") == []


def test_newest_thoughts_come_first(run: Run, comment: Add) -> None:
    first, second = comment(name="First"), comment(name="Second")

    assert [line.split()[0] for line in run("thought", "list").out] == ["id", str(second.id), str(first.id)]


@pytest.mark.parametrize("slug", ["nothing", "", "\udcff"], ids=ascii)
def test_a_list_for_an_unknown_post_is_refused(run: Run, site: Path, slug: str) -> None:
    refused = run("thought", "list", "--post", slug)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


@pytest.mark.parametrize(
    ("action", "state"), [("approve", "shown"), ("hide", "held"), ("spam", "spam"), ("delete", "deleted")]
)
def test_several_thoughts_are_moderated_in_one_command(run: Run, comment: Add, action: str, state: str) -> None:
    one, other = comment(name="One"), comment("shown", "Other")

    done = run("thought", action, one.id, other.id)

    assert (done.status, done.err) == (0, [])
    assert done.out == [f"{one.id}  {state}", f"{other.id}  {state}"]
    assert {thought["state"] for thought in json.loads(run("thought", "list", "--json").text)} == {state}
    assert run("thought", action, one.id).status == 0, "twice is harmless"


def test_thoughts_that_cannot_be_moderated_are_named_and_the_others_are_done(run: Run, comment: Add, ping: Add) -> None:
    unverified, good = ping(), comment()

    done = run("thought", "approve", 998, unverified.id, 999, good.id)

    assert (done.status, done.out) == (1, [f"{good.id}  shown"])
    assert len(done.err) == 3
    for line, number in zip(done.err, (998, unverified.id, 999), strict=True):
        assert line.startswith("feedserver: ")
        assert str(number) in line


@pytest.mark.parametrize("action", ["approve", "hide", "spam", "delete"])
def test_an_unknown_id_is_one_line_that_says_where_to_look(run: Run, site: Path, action: str) -> None:
    refused = run("thought", action, 9 * 10**17)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "feedserver thought list" in refused.err[0]


# --- erasing, and heaps ---


def test_erasing_takes_all_words_and_names_and_says_how_many(run: Run, comment: Add, ping: Add) -> None:
    said, pinged = comment(), ping(content=PINGED)

    done = run("thought", "erase", said.id, pinged.id, 999)

    assert (done.status, len(done.err)) == (1, 1)
    assert "999" in done.err[0]
    assert done.out[0].startswith("2 thoughts erased")
    for thought in json.loads(run("thought", "list", "--json").text):
        assert thought["state"] == "deleted"
        assert thought["reason"].startswith("erased")
        told = ("source", "author_name", "author_url", "email", "title", "excerpt")
        assert [thought[name] for name in told] == [None] * 6
    assert "Cleo" not in run("thought", "show", said.id).text
    refused = run("thought", "undo")
    assert (refused.status, len(refused.err)) == (1, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL reuses the place at its next vacuum
def test_nothing_erased_can_be_read_in_the_files_of_sqlite(run: Run, comment: Add, database: Database) -> None:
    assert database.file is not None
    said = comment(text="Secretwords of Cleo.")
    database.close()
    folder = database.file.parent

    assert any(b"Secretwords" in file.read_bytes() for file in folder.glob(f"{database.file.name}*"))
    assert run("thought", "erase", said.id).status == 0

    assert not any(b"Secretwords" in file.read_bytes() for file in folder.glob(f"{database.file.name}*"))


@pytest.mark.parametrize(
    ("arguments", "left"),
    [(("--email", "CLEO@example.com"), ["pingback"]), (("--host", "example"), ["comment", "comment"])],
    ids=["email", "host"],
)
def test_all_of_a_person_or_a_host_is_erased(
    run: Run, comment: Add, ping: Add, arguments: tuple[str, ...], left: list[str]
) -> None:
    comment(name="Cleo")
    comment(name="Cleo again")
    ping(content=PINGED)

    assert run("thought", "erase", *arguments).status == 0

    thoughts = json.loads(run("thought", "list", "--json").text)
    assert [thought["kind"] for thought in thoughts if thought["state"] != "deleted"] == left
    assert run("thought", "erase", *arguments).status == 1, "nothing is left of them"


@pytest.mark.parametrize("arguments", [("--email", "nobody@example.com"), ("--host", "nowhere.example"), ("17",)])
def test_erasing_nothing_is_one_line(run: Run, site: Path, arguments: tuple[str, ...]) -> None:
    refused = run("thought", "erase", *arguments)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


@pytest.mark.parametrize(
    "arguments", [(), ("1", "--email", "a@b.example"), ("--host", "h.example", "--email", "a@b.c")]
)
def test_erasing_takes_one_way_of_naming(run: Run, site: Path, arguments: tuple[str, ...]) -> None:
    assert run("thought", "erase", *arguments).status == 2


def test_a_heap_is_moderated_by_state_and_date_and_undone_as_one(
    run: Run, comment: Add, changed: Thought, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_SITE_TIMEZONE", "Europe/Berlin")
    monkeypatch.setattr("feedserver.thoughts.moderation.actions.AT_ONCE", 2)
    waiting = [comment(name=f"Nr {number}").id for number in range(5)]
    comment("shown", "Shown")

    def states() -> dict[int, str]:
        return {row["id"]: row["state"] for row in json.loads(run("thought", "list", "--json").text)}

    before = states()
    none = run("thought", "spam", "--state", "held", "--before", "2026-01-31 13:00")
    assert (none.status, len(none.err), states()) == (1, 1, before)

    done = run("thought", "spam", "--state", "held", "--before", "2026-01-31 13:01")

    assert (done.status, done.err) == (0, [])
    assert done.out == ["5 thoughts in the state held received before 2026-01-31 13:01 CET: spam"]
    assert {number for number, state in states().items() if state == "spam"} == set(waiting)
    assert run("thought", "undo").status == 0
    assert states() == before
    assert run("thought", "undo").status == 1


@pytest.mark.parametrize(
    "arguments", [("--before", "2026-01-31"), ("1", "--state", "held"), ("--state", "held", "--before", "05/06/2024")]
)
def test_a_heap_needs_a_state_or_a_host_and_a_date_that_can_be_read(
    run: Run, site: Path, arguments: tuple[str, ...]
) -> None:
    refused = run("thought", "spam", *arguments)

    assert (refused.status, refused.out) == (2, [])


# --- hosts ---


def rules(run: Run) -> dict[str, str]:
    return {row["host"]: row["rule"] for row in json.loads(run("host", "list", "--json").text)}


def test_a_host_has_one_rule_which_can_be_removed(run: Run, site: Path) -> None:
    assert run("host", "list").out == []

    assert run("host", "block", "spam.example").status == 0
    assert rules(run) == {"spam.example": "block"}
    refused = run("host", "untrust", "spam.example")
    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert rules(run) == {"spam.example": "block"}, "only a trusted host is trusted no more"
    trusted = run("host", "trust", "spam.example")
    assert (trusted.status, trusted.err) == (0, ["feedserver: spam.example was blocked until now"])
    assert rules(run) == {"spam.example": "trust"}
    assert run("host", "unblock", "spam.example").status == 1
    assert run("host", "trust", "spam.example").err == []
    assert run("host", "untrust", "spam.example").status == 0
    assert rules(run) == {}

    refused = run("host", "unblock", "spam.example")
    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "feedserver host list" in refused.err[0]


def test_who_trusts_a_host_that_many_share_is_told_how_authors_are_trusted(run: Run, site: Path) -> None:
    (told,) = run("host", "trust", "brid.gy").err

    assert told.startswith("feedserver: many people share brid.gy: ")
    assert run("host", "trust", "brid.gy/comment").err == run("host", "block", "medium.com").err == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Spam.Example", "spam.example"),
        ("https://spam.example/?x", "spam.example"),
        ("*.spam.example", "spam.example"),
        ("spam.example.", "spam.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_a_host_is_stored_normalized(run: Run, site: Path, typed: str, kept: str) -> None:
    run("host", "block", typed)

    assert rules(run) == {kept: "block"}


@pytest.mark.parametrize(
    "typed", ["", " ", "a b", "http://", "http://[::1", "a,b", "user@h", "é" * 80, "\udcff"], ids=ascii
)
def test_an_invalid_host_is_wrong_usage(run: Run, site: Path, typed: str) -> None:
    refused = run("host", "block", typed)

    assert refused.status == 2
    assert refused.err[-1].startswith("feedserver host block: error: ")
    assert rules(run) == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org/~ann", "example.org/~ann"),
        ("Example.org/%7Eann/", "example.org/~ann"),
        ("*.example.org/people/ann", "example.org/people/ann"),
        ("example.org/", "example.org"),
        ("https://example.org/~ann/2026/words?x", "example.org/~ann/2026/words"),
        ("https://Example.org:80/2026/words", "example.org/2026/words"),
        ("example.org/~ann/../~bob", "example.org/~bob"),
    ],
)
def test_a_rule_may_name_a_path_where_a_host_is_shared(run: Run, site: Path, typed: str, kept: str) -> None:
    done = run("host", "trust", typed)

    assert (done.status, done.out) == (0, [f"trust  {kept}"])
    assert rules(run) == {kept: "trust"}
    assert run("host", "untrust", typed).status == 0
    assert rules(run) == {}


@pytest.mark.parametrize("suffix", ["com", "co.uk", "*.com", "https://co.uk/"])
def test_no_rule_is_set_for_all_names_of_a_registry(run: Run, site: Path, suffix: str) -> None:
    for deed in ("block", "trust"):
        refused = run("host", deed, suffix)
        assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert rules(run) == {}
    assert run("host", "block", "github.io").status == 0, "a shared host has one owner"


def test_too_long_a_path_is_wrong_usage(run: Run, site: Path) -> None:
    assert run("host", "trust", "example.org" + "/a" * 9).status == 2


def test_a_purge_counts_what_it_would_delete_and_deletes_it_with_yes(run: Run, ping: Add) -> None:
    ping("http://other.example/1")
    ping("http://other.example/2")

    asked = run("host", "purge", "other.example")
    assert (asked.status, asked.out) == (1, ["stored from other.example: 2 thoughts, 2 pages, 0 jobs (0 shown)"])
    assert asked.err == ["feedserver: nothing was deleted; --yes deletes it, which cannot be undone"]
    assert len(json.loads(run("thought", "list", "--json").text)) == 2

    done = run("host", "purge", "other.example", "--yes")
    assert (done.status, done.err) == (0, [])
    assert done.out == ["deleted from other.example: 2 thoughts, 2 pages, 0 jobs (0 shown)"]
    assert run("thought", "list").out == []

    undone = run("thought", "undo")
    assert (undone.status, undone.out, len(undone.err)) == (1, [], 1)
    assert "cannot be undone" in undone.err[0]
    for arguments in (("--yes",), ()):
        nothing = run("host", "purge", "other.example", *arguments)
        assert (nothing.status, nothing.out, len(nothing.err)) == (1, [], 1)


# --- many at once ---


@pytest.fixture
def three_pings(ping: Add) -> list[Thought]:
    """Two verified pings of one host, and one that was not verified."""
    words = Content("Other Blog", "http://other.example/", "Title", "[…] words […]")
    return [
        ping("http://other.example/1", words),
        ping("http://other.example/2", words),
        ping("http://other.example/3"),
    ]


@pytest.mark.parametrize(
    ("action", "number", "states"),
    [
        ("approve", 2, ["shown", "shown", "received"]),
        ("hide", 2, ["held", "held", "received"]),
        ("spam", 3, ["spam"] * 3),
        ("delete", 3, ["deleted"] * 3),
    ],
)
def test_an_action_on_all_thoughts_of_a_host_is_undone_as_one(
    run: Run, three_pings: list[Thought], comment: Add, action: str, number: int, states: list[str]
) -> None:
    comment()

    def found() -> dict[int, str]:
        return {row["id"]: row["state"] for row in json.loads(run("thought", "list", "--json").text)}

    before = found()

    done = run("thought", action, "--host", "example")

    assert (done.status, done.err) == (0, [])
    assert done.out == [f"{number} thoughts from example: {states[0]}"]
    assert [found()[thought.id] for thought in three_pings] == states
    assert run("thought", "undo").status == 0
    assert found() == before


def test_undo_lists_each_thought_and_is_refused_if_there_is_no_action(run: Run, comment: Add) -> None:
    one, other = comment(name="One"), comment("shown", "Other")
    run("thought", "spam", one.id, other.id)

    assert run("thought", "undo").out == [f"{one.id}  held", f"{other.id}  shown"]

    refused = run("thought", "undo")
    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


@pytest.mark.parametrize("arguments", [(), (1, "--host", "other.example")], ids=["neither", "both"])
def test_an_action_takes_either_ids_or_a_host(run: Run, site: Path, arguments: tuple[str | int, ...]) -> None:
    refused = run("thought", "spam", *arguments)

    assert refused.status == 2
    assert "either ids or --host" in refused.err[-1]


def test_a_host_without_thoughts_is_one_line(run: Run, site: Path) -> None:
    refused = run("thought", "spam", "--host", "nowhere.example")

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)


def test_the_list_is_narrowed_by_kind_host_source_and_number(
    run: Run, three_pings: list[Thought], comment: Add
) -> None:
    said = comment()
    first, second, third = (thought.id for thought in three_pings)

    def ids(*arguments: str) -> list[int]:
        return [row["id"] for row in json.loads(run("thought", "list", "--json", *arguments).text)]

    assert ids("--kind", "comment") == [said.id]
    assert ids("--kind", "pingback") == [third, second, first]
    assert ids("--host", "other.example") == [third, second, first]
    assert ids("--source", "EXAMPLE/2") == [second]
    assert ids("--limit", "2") == [said.id, third]
    assert ids("--host", "other.example", "--state", "shown", "--limit", "1") == [second]
    assert run("thought", "list", "--limit", "0").status == 2
    assert run("thought", "list", "--kind", "like").status == 2


def test_the_list_shows_who_said_what_and_why_it_waits(run: Run, comment: Add) -> None:
    comment()

    heading, line = run("thought", "list").out
    assert heading.split() == ["id", "received", "state", "kind", "post", "who", "words", "reason"]
    assert re.split(" {2,}", line)[1:] == [
        *("2026-01-31 12:00", "held", "comment", "hello", "Cleo", "What a post.", "waits for approval")
    ]


def test_a_reaction_says_what_was_done_and_is_counted_with_no_post(run: Run, ping: Add) -> None:
    ping(content=Content("Ann", "http://other.example/ann", "", "", response="like"))
    ping("http://other.example/2", Content("Bo", "http://other.example/bo", "", "Well said.", response="reply"))

    _, reply, like = run("thought", "list").out
    assert re.split(" {2,}", reply)[3:7] == ["reply", "hello", "Bo", "Well said."]
    assert re.split(" {2,}", like)[3:7] == ["like", "hello", "Ann", "Ann liked this."]
    listed = json.loads(run("thought", "list", "--json").text)
    assert [(one["response"], one["excerpt"]) for one in listed] == [("reply", "Well said."), ("like", None)]
    assert json.loads(run("thought", "show", 1, "--json").text)["response"] == "like"
    (post,) = json.loads(run("post", "list", "--json").text)
    assert post["thoughts"] == 1


def test_the_table_has_the_newest_fifty_and_says_how_many_there_are(run: Run, comment: Add) -> None:
    for number in range(60):
        comment(name=f"Nr{number}")

    def names(*arguments: str) -> list[str]:
        return [line.split()[6] for line in run("thought", "list", *arguments).out if "Nr" in line]

    assert names() == [f"Nr{number}" for number in range(59, 9, -1)]
    assert run("thought", "list").out[-1] == "the newest 50 of 60 thoughts; --all lists all of them"
    assert run("thought", "list", "--limit", 2).out[-1].startswith("the newest 2 of 60")
    assert len(names("--all")) == 60 == len(json.loads(run("thought", "list", "--json").text))
    assert "newest" not in run("thought", "list", "--all").text


def test_the_address_of_the_moderation_feed_is_printed_and_stays(run: Run, site: Path, database: Database) -> None:
    (address,) = run("thought", "feed").out

    assert re.fullmatch(r"http://blog\.example/moderation/[\w-]{43}\.atom", address)
    assert run("thought", "feed").out == [address]
    with database.read() as connection:
        assert revision.secret(connection) not in address
    (renewed,) = run("thought", "feed", "--renew").out
    assert renewed != address
    assert run("thought", "feed").out == [renewed]


def test_json_holds_what_was_stored_and_nothing_that_changes_a_terminal(run: Run, comment: Add) -> None:
    name = "Zoë \u202egnp.exe\u202c 👨\u200d👩\u200d👧"
    stored = comment(name=name)

    shown = "\n".join(run("thought", "list", "--json").out)

    assert json.loads(shown)[0]["author_name"] == stored.content.author_name
    assert "\u202e" not in shown
    assert "Zoë" in shown
