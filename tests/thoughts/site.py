"""A site that takes pings and comments, as its tests speak to it: over HTTP, and with jobs that run when told to."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.jobs import store as jobs
from feedserver.jobs.model import INTERACTIVE, Job
from feedserver.net.fetch import FetchedPage
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage import revision as site
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import hosts
from feedserver.thoughts.moderation.trust import Rule
from tests.posts import builders
from tests.support.listing import listing
from tests.support.moderating import moderate
from tests.support.outside import Clock, Web
from tests.support.pinging import HEADERS, fault_text, ping_body, read_answer
from tests.support.waiting import SECONDS, wait_until

SOURCE = "http://other.example/2026/hello"


def linking(*targets: str, before: str = "I read ", text: str = "this post", title: str = "Other Blog") -> str:
    """A page that links to the targets, each from a paragraph of its own."""
    paragraphs = "".join(f'<p>{before}<a href="{target}">{text}</a> and liked it.</p>' for target in targets)
    return f"<!doctype html><html><head><title>{title}</title></head><body>{paragraphs}</body></html>"


def changed(settings: Settings, **values: object) -> Settings:
    """Settings with other values: `changed(settings, limits_host=3)` sets `limits.host`."""
    for name, value in values.items():
        section, _, key = name.partition("_")
        settings = replace(settings, **{section: replace(getattr(settings, section), **{key: value})})
    return settings


class SlowWeb(Web):
    """Slow pages: `meanwhile` is called once, during the next fetch; each fetch waits until `gate` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None
        self.gate = Event()
        self.gate.set()

    def __call__(self, url: str, *, sender: str | None = None, **named: Any) -> FetchedPage:
        operation, self.meanwhile = self.meanwhile, None
        try:
            return super().__call__(url, sender=sender, **named)
        finally:
            if operation is not None:
                operation()
            assert self.gate.wait(SECONDS)

    def wait_until_asked(self, *urls: str) -> None:
        """Waits until exactly these sources are being fetched or have been."""
        wait_until(lambda: len(self.fetched) >= len(urls))
        assert sorted(self.fetched) == sorted(urls)


@dataclass(frozen=True)
class Answer:
    """What a sender got."""

    response: TestResponse

    @property
    def text(self) -> str:
        value = read_answer(self.response.data)
        return value if isinstance(value, str) else fault_text(self.response.data)

    @property
    def outcome(self) -> str | int:
        """`registered`, `accepted`, or the fault code, of an answer in the shape of every answer."""
        assert_is_an_answer(self)
        value = read_answer(self.response.data)
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"Pingback from \S+ to \S+ (registered|accepted)\. \S+", self.text)
        assert found, self.text
        return found[1]

    @property
    def receipt(self) -> str:
        """The path of the receipt that the answer names."""
        found = re.search(r"http://blog\.example(/receipts/[\w-]+)$", self.text)
        assert found, self.text
        return found[1]


Form = Mapping[str, str | list[str]] | bytes


@dataclass(frozen=True)
class Webmentioned:
    """What the sender of a webmention got."""

    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def told(self) -> dict[str, str | None]:
        """The answer as JSON: it has exactly the promised keys, and a 201 names its receipt (Webmention, 3.2)."""
        told: dict[str, str | None] = json.loads(self.response.data)
        assert list(told) == ["status", "summary", "receipt"]
        assert self.response.headers.get("Location") == (told["receipt"] if self.status == 201 else None)
        assert self.response.headers["Access-Control-Allow-Origin"] == "*"
        return told

    @property
    def state(self) -> str | None:
        return self.told["status"]

    @property
    def receipt(self) -> str:
        """The path of the receipt."""
        base = "http://blog.example"
        receipt = self.told["receipt"] or ""
        assert receipt.startswith(f"{base}/receipts/")
        return receipt.removeprefix(base)


def assert_is_an_answer(answer: Answer) -> None:
    """The shape of every answer: one string or one fault, and nothing else."""
    response = answer.response
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.headers["Content-Length"] == str(len(response.data))
    root = ElementTree.fromstring(response.data)
    assert root.tag == "methodResponse"
    (only,) = root
    if only.tag == "fault":
        members = only.findall("./value/struct/member")
        assert [member.findtext("name") for member in members] == ["faultCode", "faultString"]
        assert [[kind.tag for kind in member.findall("value/*")] for member in members] == [["int"], ["string"]]
    else:
        assert len(only.findall("./param/value/string")) == len(list(only)) == 1


class Site:
    """One process of the site."""

    def __init__(self, services: WebServices, clock: Clock, web: SlowWeb) -> None:
        self.services = services
        self.clock = clock
        self.web = web
        self.app = create_app(services=services)
        self.app.testing = True
        self.client = self.app.test_client()

    def publish(self, title: str = "A post", body: str = "Some words.", **front: object) -> Post:
        return builders.publish(self.services, title, body, **front)

    @cached_property
    def target(self) -> str:
        """The URL of a post to ping, which is published with the first use."""
        return self.url(self.publish())

    def url(self, post: Post) -> str:
        return self.services.urls.post(post.slug)

    def call(self, body: bytes, *, sender: str = "198.51.100.7", headers: dict[str, str] | None = None) -> Answer:
        environ = {"REMOTE_ADDR": sender}
        sent = HEADERS | (headers or {})
        return Answer(self.app.test_client().post("/pingback", data=body, headers=sent, environ_base=environ))

    def ping(self, source: str, target: str, *, sender: str = "198.51.100.7", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(ping_body(source, target), sender=sender, headers=named)

    def webmention(
        self, source: str, target: str, *, sender: str = "198.51.100.7", accept: str = "application/json"
    ) -> Webmentioned:
        return self.post_form({"source": source, "target": target}, sender=sender, Accept=accept)

    def post_form(self, form: Form, *, sender: str = "198.51.100.7", **headers: str) -> Webmentioned:
        """Posts a form to the webmention endpoint: fields, or the very bytes of a body."""
        body = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | named
        environ = {"REMOTE_ADDR": sender}
        return Webmentioned(self.app.test_client().post("/webmention", data=body, headers=sent, environ_base=environ))

    def mention(self, target: str, source: str = SOURCE, *, before: str = "I read ", **validators: Any) -> Answer:
        """Puts a page that links to the target, and pings from it."""
        self.web.put(source, linking(target, before=before), **validators)
        return self.ping(source, target)

    def run_jobs(self) -> int:
        return self.services.runner.run_due()

    def jobs(self) -> list[Job]:
        """All jobs, the next one first."""
        with self.services.database.read() as connection:
            return jobs.everything(connection)

    def pressing_jobs(self) -> list[Job]:
        """The interactive ones: rechecks on the slow schedule are not among them."""
        return [job for job in self.jobs() if job.priority == INTERACTIVE]

    def wait_for_a_free_slot(self) -> None:
        wait_until(self.services.waiting_slots.take, complaint=lambda: "the slot was lost")
        self.services.waiting_slots.give_back()

    def run_next_job(self) -> None:
        """Moves the clock to where the next job is due, and carries it out."""
        self.clock.now = max(self.clock(), self.jobs()[0].run_at)
        assert self.run_jobs()

    def revision(self) -> int:
        with self.services.database.read() as connection:
            return site.load(connection).revision

    def moderate(self, action: Action, source: str | None = SOURCE) -> Thought:
        (thought_id,) = {thought.id for thought in self.thoughts() if thought.source == source}
        return moderate(self.services.database, thought_id, action, self.clock())

    def thoughts(self) -> list[Thought]:
        """All that is stored, newest first."""
        with self.services.database.read() as connection:
            return listing(connection)

    def only_thought(self) -> Thought:
        (thought,) = self.thoughts()
        return thought

    def states(self) -> list[str]:
        return sorted(thought.state for thought in self.thoughts())

    def receipt(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.client.get(path + ".json").data)
        return told

    def page(self, post: Post) -> str:
        return self.client.get(f"/posts/{post.slug}").text

    def rule(self, host: str, rule: Rule) -> None:
        with self.services.database.write() as connection:
            hosts.set_rule(connection, host, rule, self.clock())


def spam(source_key: str) -> SimpleNamespace:
    """A row of a thought on the first post that a moderator called spam, as `removed.remember` takes it."""
    return SimpleNamespace(
        state="spam", post_id=1, source_key=source_key, page_key=None, author_name="", title="", excerpt=""
    )


def show(site: Site, target: str, source: str = SOURCE, **validators: str) -> None:
    assert site.mention(target, source, **validators).outcome == "registered"


SiteWith = Callable[..., Site]
