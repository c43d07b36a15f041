"""A site with a page of every kind for readers, and the requests that show each of them.

Its content is Greek, in letters that none of our catalogues has: whatever else stands on a page is ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, render_template
from flask.testing import FlaskClient

from feedserver import app as application
from feedserver.services import WebServices
from feedserver.settings import SiteSettings
from feedserver.thoughts import comments
from feedserver.thoughts.model import ON_A_PAGE, STATES, Content
from tests.feeds.happenings import respond, say, says
from tests.posts.builders import publish

SITE: Final = {"title": "Λιμάνι", "description": "Λόγια", "author": "Ελένη"}
NAVIGATION: Final = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
_BODY: Final = (
    "Η θάλασσα.\n\n## Αρχή\n\n> Νερό[^1]\n\n- [x] άμμος\n\n| α | β |\n|---|--:|\n| γ | 1 |\n\n    δ = 1\n\n[^1]: ε\n"
)


def site_settings(language: str, url: str = "http://blog.example") -> SiteSettings:
    return SiteSettings(url=url, language=language, **SITE)


def fill(services: WebServices) -> None:
    """Publishes what the pages show."""
    about = {"tags": "[άμμος]", "authors": "[Ελένη, Νίκος, Ζωή]", "lang": "el"}
    post = publish(services, "Κύμα", _BODY, slug="kyma", summary="Σύντομα.", date="2024-05-01", **about)
    for number in range(1, 12):
        publish(
            services, f"Άνεμος {number}", "Φυσά.", slug=f"anemos-{number}", date=f"2025-0{number % 9 + 1}-02", **about
        )
    publish(services, "Τέλος", "Ησυχία.", slug="telos", pings="closed", comments="closed", **about)
    publish(services, "Βουνό", "Ψηλά.", slug="vouno", pings="closed", **about)
    publish(
        services,
        "Λίμνη",
        "Χαμηλά.",
        slug="limni",
        reply_to="https://λίμνη.example/α",
        bookmark_of="https://β.example/",
        **about,
    )
    publish(services, "Σελίδα", "Εμείς.", slug="selida", page="true", menu="Σελίδα", lang="el")
    services.publisher.delete("anemos-1")
    services.publisher.edit("limni", services.publisher.read(_later()), services.clock())
    for number in range(ON_A_PAGE + 1):
        say(services, post, "Ωραία.", f"Ίρις {number}")
    mention = respond(services, post, "mention", "Ίων", "[…] νησί […]")
    says(services, mention, Content("Ίων", "", "Νησί", "[…] νησί […]", response="mention"))
    for response in ("like", "like", "like", "like", "repost", "bookmark", "reply", "rsvp"):
        respond(services, post, response, "Άρης", "Ναι." if response in ("reply", "rsvp") else "")


def _later() -> bytes:
    return "---\ntitle: Λίμνη\nlang: el\nreply_to: https://λίμνη.example/α\n---\nΧαμηλά, πολύ.\n".encode()


def pages(app: Flask) -> Iterator[tuple[str, str]]:
    """Each kind of page, by a name."""
    client = app.test_client()
    for name, path in _PATHS.items():
        yield name, client.get(path).text
    for name, path in _FEEDS.items():
        yield name, client.get(path, headers=NAVIGATION).text
    yield from _answers(client)
    yield from _receipts(app)
    for status in (*application._MESSAGES, 400):
        with app.test_request_context():
            yield f"error {status}", application._message_page(status).get_data(as_text=True)


_PATHS: Final[Mapping[str, str]] = {
    "home": "/",
    "home, page 2": "/?page=2",
    "tag": "/tags/άμμος",
    "author": "/authors/Νίκος?page=2",
    "post": "/posts/kyma",
    "further thoughts": "/posts/kyma?thoughts=2",
    "post without thoughts": "/posts/anemos-3",
    "closed post": "/posts/telos",
    "post closed to pings": "/posts/vouno",
    "reply": "/posts/limni",
    "held comment": "/posts/limni?comment=held",
    "shown comment": "/posts/limni?comment=shown",
    "site page": "/selida",
    "archive": "/archive",
    "year": "/archive/2025",
    "thoughts": "/thoughts",
    "thoughts, page 2": "/thoughts?page=2",
    "feeds": "/feeds",
    "search": "/search?q=άμμος",
    "search without a result": "/search?q=ουδέν",
    "card": "/posts/kyma/embed",
    "webmention": "/webmention",
    "not found": "/ουδέν",
    "gone": "/posts/anemos-1",
}
_FEEDS: Final[Mapping[str, str]] = {
    "feed": "/feed.atom",
    "page of a feed": "/feed.json?page=1",
    "feed of thoughts": "/thoughts.rss",
    "feed of a post": "/posts/kyma/thoughts.json",
}


def _answers(client: FlaskClient) -> Iterator[tuple[str, str]]:
    html = {"Accept": "text/html"}
    long = {name: "ω" * (most + 1) for name, most in comments.MAX_LENGTH.items()}
    wrong = {"comment": " ", "name": " ", "email": "ω", "website": "ω:ω", comments.TRAP: "ω"}
    yield "long comment", client.post("/posts/limni/comments", data=long).text
    yield "comment from elsewhere", client.post("/posts/limni/comments", headers={"Sec-Fetch-Site": "cross-site"}).text
    yield "wrong comment", client.post("/posts/limni/comments", data=wrong | {"token": _token(client)}).text
    for name, data in {
        "webmention without a source": {"source": ""},
        "webmention twice": {"source": ["https://α.example/", "https://β.example/"]},
        "webmention to nothing": {"source": "https://α.example/", "target": "http://blog.example/posts/ουδέν"},
    }.items():
        yield name, client.post("/webmention", data=data, headers=html).text


def _token(client: FlaskClient) -> str:
    return client.get("/posts/limni").text.partition('name="token" value="')[2].partition('"')[0]


def _receipts(app: Flask) -> Iterator[tuple[str, str]]:
    told: Any = app.extensions["feedserver"]
    now = told.clock()
    timeline = [
        {"at": now, "event": "received", "detail": "a webmention for this post"},
        {"at": now, "event": "fetched", "detail": "not fetched: the source answered 503 (attempt 3)"},
        {"at": now, "event": "fetched", "detail": "status 200, 1234 bytes; only the first 1000 bytes were read"},
        {"at": now, "event": "found", "detail": "a link to the post"},
        {"at": now, "event": "decided", "detail": "held: waits for approval"},
    ]
    receipt = dict.fromkeys(("received_at", "checked_at", "next_check_at"), now) | {
        "timeline": timeline,
        "reason": "no link",
    }
    urls = dict.fromkeys(("source", "target", "post", "thought"), "http://blog.example/")
    for state in STATES:
        with app.test_request_context():
            values: dict[str, Any] = {"receipt": receipt | urls | {"state": state}, "canonical": None, "feeds": []}
            yield f"receipt: {state}", render_template("receipt.html", **values)
