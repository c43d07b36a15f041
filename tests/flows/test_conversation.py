"""Two sites that talk: one publishes, edits and deletes, and the other one, whose post it links to, follows each time.

Each is a real server with two processes and a database of its own.
"""

import hmac
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.posts.builders import document
from tests.support.postgres import VARIABLE, new_database
from tests.support.serving import Site, free_port, request
from tests.support.subscribers import Reader
from tests.support.waiting import wait_until

QUICK = {
    "FEEDSERVER_SENDING_DELAY": "0.1",
    "FEEDSERVER_LIMITS_REFETCH": "1",
    "FEEDSERVER_LIMITS_HOST": "1000",
}
NO_WEBMENTIONS = {"FEEDSERVER_SENDING_WEBMENTIONS": "false"}
SECONDS = 30  # for what takes a few on an idle machine
pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A site with the commands of its author."""

    site: Site

    def publish(self, title: str, body: str) -> str:
        """Publishes a post; returns its address."""
        return self.site.command("post", "add", "-", given=document(title, body).decode()).stdout.split()[-1]

    def edit(self, slug: str, title: str, body: str) -> None:
        self.site.command("post", "edit", slug, "-", given=document(title, body).decode())

    def pings(self, slug: str) -> list[dict[str, Any]]:
        return self._list("ping", "list", "--post", slug)

    def told(self, slug: str) -> list[str]:
        """State and protocol of the pings of a post."""
        return [f"{ping['state']} by {ping['protocol']}" for ping in self.pings(slug)]

    def states(self, slug: str) -> list[str]:
        """State and kind of the thoughts on a post."""
        return [f"{one['state']} by {one['kind']}" for one in self._list("thought", "list", "--post", slug)]

    def subscriptions(self) -> list[dict[str, Any]]:
        return self._list("hub", "list")

    def posts_to(self, path: str) -> int:
        """How many requests came to an address that takes POST."""
        return self.site.log().count(f'"POST {path} ')

    def shows(self, url: str) -> str:
        """The page at an address of this site."""
        return self.site.get(url.removeprefix(self.site.url))[2].decode()

    def _list(self, *command: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.site.command(*command, "--json").stdout)
        return listed


@dataclass(frozen=True, slots=True)
class Conversation:
    """The site that speaks, and the one whose post it speaks of."""

    speaker: Speaker
    listener: Speaker

    def wait(self, holds: Callable[[], bool]) -> None:
        wait_until(
            holds,
            SECONDS,
            lambda: self.speaker.site.log() + self.listener.site.log(),
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_urls(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The database URLs of both sites; "" is SQLite in their own folder."""
    if request.param == "sqlite":
        yield ["", ""]
        return
    request.getfixturevalue("prepared_postgres")
    with ExitStack() as stack:
        yield [stack.enter_context(new_database(os.environ[VARIABLE])) for _ in range(2)]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory, database_urls: list[str]) -> Iterator[Conversation]:
    """Two running sites; the listener sends pingbacks alone."""
    with ExitStack() as stack:
        sites = []
        for place, url in enumerate(database_urls):
            host = f"127.0.2.{41 + place}"
            environ = QUICK | ({"FEEDSERVER_DATABASE_URL": url} if url else {}) | ({} if place == 0 else NO_WEBMENTIONS)
            site = Site(tmp_path_factory.mktemp("site"), free_port(host), environ, host=host)
            site.start(workers=2)
            stack.callback(site.stop)
            sites.append(Speaker(site))
        yield Conversation(*sites)


def test_a_post_is_told_edited_and_taken_back_by_webmention(talk: Conversation) -> None:
    speaker, listener = talk.speaker, talk.listener
    target = listener.publish("On bees", "They fly.")

    speaker.publish("An answer", f"I have read [what you say on bees]({target}) with joy.")

    talk.wait(lambda: "1 Thought to “On bees”" in listener.shows(target))
    assert "with joy" in listener.shows(target)
    talk.wait(lambda: speaker.told("an-answer") == ["told by webmention"])
    assert speaker.pings("an-answer")[0]["receipt"].startswith(f"{listener.site.url}/receipts/")

    speaker.edit("an-answer", "An answer", f"I have read [what you say on bees]({target}) with growing doubt.")

    talk.wait(lambda: "growing doubt" in listener.shows(target))

    speaker.edit("an-answer", "An answer", "I have read nothing.")

    talk.wait(lambda: "1 Thought" not in listener.shows(target))
    assert listener.states("on-bees") == ["gone by webmention"]

    speaker.edit("an-answer", "An answer", f"I have read [it]({target}) after all.")

    talk.wait(lambda: "after all" in listener.shows(target))

    speaker.site.command("post", "delete", "an-answer")

    talk.wait(lambda: "1 Thought" not in listener.shows(target))

    speaker.site.command("post", "restore", "an-answer")

    talk.wait(lambda: "after all" in listener.shows(target))
    assert listener.states("on-bees") == ["shown by webmention"]
    talk.wait(lambda: speaker.told("an-answer") == ["told by webmention"])


def test_two_posts_that_mention_each_other_are_told_once_each_and_pingback_alone_can_take_back(
    talk: Conversation,
) -> None:
    speaker, listener = talk.speaker, talk.listener
    before = speaker.posts_to("/pingback"), listener.posts_to("/webmention")
    first = speaker.publish("First", "Words.")

    second = listener.publish("Second", f"An answer to [this]({first}).")

    talk.wait(lambda: "1 Thought to “First”" in speaker.shows(first))
    speaker.edit("first", "First", f"Words, and see [that]({second}).")
    talk.wait(lambda: "1 Thought to “Second”" in listener.shows(second))
    talk.wait(lambda: speaker.told("first") == ["told by webmention"])
    assert listener.told("second") == ["told by pingback"]
    assert listener.pings("second")[0]["receipt"].startswith(f"{speaker.site.url}/receipts/")
    for one in (speaker, listener):
        one.site.command("jobs", "run", "--until-idle")
    assert speaker.posts_to("/pingback") == before[0] + 1
    assert listener.posts_to("/webmention") == before[1] + 1

    listener.site.command("post", "delete", "second")

    talk.wait(lambda: "1 Thought to “First”" not in speaker.shows(first))
    assert speaker.states("first") == ["gone by pingback"]


def test_a_reader_that_subscribed_is_pushed_a_post_and_then_polls_a_304(talk: Conversation) -> None:
    site = talk.speaker
    feed = f"{site.site.url}/feed.atom"
    with closing(Reader("127.0.2.43")) as reader:
        wanted = {
            "hub.mode": "subscribe",
            "hub.topic": feed,
            "hub.callback": f"{reader.url}/called?by=us",
            "hub.secret": "between us",
        }
        assert request(f"{site.site.url}/hub", body=urlencode(wanted).encode())[0] == 202
        wait_until(lambda: [one["state"] for one in site.subscriptions()] == ["active"], SECONDS, site.site.log)

        site.publish("Pushed", "News.")

        wait_until(lambda: [call for call in reader.requests if call.method == "POST"], SECONDS, site.site.log)
        pushed = reader.requests[-1]
        proof = hmac.digest(b"between us", pushed.body, "sha256").hex()
        assert pushed.headers["x-hub-signature"] == f"sha256={proof}"
        status, headers, body = site.site.get("/feed.atom")
        assert (status, body) == (200, pushed.body)
        assert b"Pushed" in body
        for name in ("content-type", "link", "etag", "last-modified"):
            assert pushed.headers[name] == headers[name]
        for condition in (
            {"If-None-Match": pushed.headers["etag"]},
            {"If-Modified-Since": pushed.headers["last-modified"]},
        ):
            assert site.site.get("/feed.atom", condition)[0] == 304
