"""`feedserver hub …`: the subscriptions at the hub of this site."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedserver.jobs import store as jobs
from feedserver.storage.engine import Database
from feedserver.websub import store
from feedserver.websub.model import Asked
from feedserver.websub.requests import HubRequest
from tests.cli.conftest import Run

NOW = datetime.now(UTC).replace(microsecond=0)
TOPIC = "http://blog.example/feed.atom"
Subscribe = Callable[..., int]


@pytest.fixture
def subscribe(site: Path, database_url: str) -> Subscribe:
    """Stores a subscription whose lease begins at a time; with None its callback has not confirmed it."""

    def add(callback: str, since: datetime | None = NOW) -> int:
        database = Database(database_url)
        with database.write() as connection:
            asked = Asked("subscribe", secret="s3cr3t", token="t0k3n")
            number = store.add(connection, "site/.atom", "reader.example", HubRequest(callback, TOPIC, asked), NOW)
            known = store.by_id(connection, number)
            assert known is not None
            if since is not None:
                store.activate(connection, known, asked, "confirmed", since)
        database.close()
        return number

    return add


def test_programs_get_every_key_newest_first(run: Run, subscribe: Subscribe) -> None:
    first = subscribe("https://reader.example/a")
    second = subscribe("https://reader.example/b", None)
    third = subscribe("https://reader.example/c", NOW - timedelta(days=11))

    done = run("hub", "list", "--json")

    assert (done.status, done.err) == (0, [])
    found = json.loads(done.text)
    assert [(one["id"], one["state"]) for one in found] == [(third, "ended"), (second, "pending"), (first, "active")]
    assert found[2] == {
        "id": first,
        "topic": TOPIC,
        "callback": "https://reader.example/a",
        "state": "active",
        "lease_until": (NOW + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "pushed_at": None,
        "failures": 0,
        "detail": "confirmed",
    }
    assert found[1]["lease_until"] is None
    assert not {"s3cr3t", "t0k3n"} & set(done.text.split('"'))


def test_the_table_fits_a_terminal_and_shows_no_controls(run: Run, subscribe: Subscribe) -> None:
    subscribe("https://reader.example/\u202e" + "x" * 500)

    done = run("hub", "list")

    assert done.out[0].split() == [
        "id",
        "state",
        "topic",
        "callback",
        "lease",
        "until",
        "pushed",
        "at",
        *"what came of it".split(),
    ]
    assert done.out[1].split()[1:3] == ["active", "/feed.atom"]
    assert max(map(len, done.out)) <= 100
    assert "\u202e" not in done.text


def test_the_list_says_that_the_hub_is_closed(run: Run, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("https://reader.example/a")
    monkeypatch.setenv("FEEDSERVER_WEBSUB_HUB", "false")

    for options in ((), ("--json",)):
        assert run("hub", "list", *options).err == [
            "feedserver: the hub is closed (`websub.hub = false`): nothing is pushed to them"
        ]


def test_without_subscriptions_nothing_is_listed(run: Run, site: Path) -> None:
    assert (run("hub", "list").out, run("hub", "list", "--json").text) == ([], "[]")


def test_what_is_dropped_has_ended_and_its_reader_is_told(run: Run, subscribe: Subscribe, database_url: str) -> None:
    first, second = subscribe("https://reader.example/a"), subscribe("https://reader.example/b", None)

    done = run("hub", "drop", second, first, first)

    assert (done.status, done.out) == (0, [f"ended  {second}", f"ended  {first}"])
    assert [(one["state"], one["detail"]) for one in json.loads(run("hub", "list", "--json").text)] == [
        ("ended", "the owner of the site has ended it")
    ] * 2
    database = Database(database_url)
    with database.read() as connection:
        waiting = [(job.kind, job.subject) for job in jobs.everything(connection)]
    database.close()
    assert waiting == [("deny subscription", str(first)), ("deny subscription", str(second))]


def test_one_that_is_not_there_ends_none(run: Run, subscribe: Subscribe) -> None:
    known = subscribe("https://reader.example/a")

    done = run("hub", "drop", known, 99)

    assert (done.status, done.out) == (1, [])
    assert done.err == ["feedserver: no subscription has the id 99; `feedserver hub list` shows them all"]
    assert json.loads(run("hub", "list", "--json").text)[0]["state"] == "active"


def test_all_of_a_host_are_dropped_at_once(run: Run, subscribe: Subscribe) -> None:
    first, second = subscribe("https://reader.example/a"), subscribe("https://deep.reader.example/b", None)
    other = subscribe("https://another.example/a")

    done = run("hub", "drop", "--host", "https://READER.example/")
    again = run("hub", "drop", "--host", "reader.example")

    assert (done.status, done.out) == (0, [f"ended  {first}", f"ended  {second}"])
    assert (again.status, again.out) == (1, [])
    assert again.err == [
        "feedserver: no live subscription has a callback on reader.example; `feedserver hub list` shows them all"
    ]
    found = {one["id"]: one["state"] for one in json.loads(run("hub", "list", "--json").text)}
    assert found == {first: "ended", second: "ended", other: "active"}


def test_blocking_a_host_ends_its_subscriptions_and_says_so(run: Run, subscribe: Subscribe) -> None:
    subscribe("https://deep.reader.example/a")

    done = run("host", "block", "reader.example")

    assert (done.status, done.out) == (0, ["block  reader.example"])
    assert done.err == ["feedserver: 1 subscription at the hub has ended"]
    assert json.loads(run("hub", "list", "--json").text)[0]["state"] == "ended"
    assert run("host", "block", "reader.example").err == []


def test_an_id_is_a_number(run: Run, site: Path) -> None:
    assert (run("hub", "drop", "x").status, run("hub", "drop").status) == (2, 2)
    assert run("hub", "drop", "1", "--host", "reader.example").status == 2
