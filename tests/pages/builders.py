"""Renders the templates with plain Jinja2, and parses the pages.

Every builder has a default for whatever a test does not care about.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import turbohtml
from flask.testing import FlaskClient
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.test import TestResponse

import feedserver.pages
from feedserver.feeds.scopes import FeedAddress, urls_by_format
from feedserver.languages.choosing import language_of
from feedserver.languages.messages import Message
from feedserver.pages.templating import prepare
from feedserver.pages.thought_pages import ThoughtPages
from feedserver.posts.model import Enclosure, Post, PostLink
from feedserver.settings import SiteSettings
from feedserver.thoughts.comments import Form
from feedserver.thoughts.model import Thought
from feedserver.thoughts.webmention import Answer
from feedserver.urls import Urls

PAGES = Path(feedserver.pages.__file__).parent
URLS = Urls("https://blog.example")
SITE = SiteSettings(url=URLS.base, title="Harbour & <Ledger>", author="Ada", language="en")
UTC_ZONE = ZoneInfo("UTC")
THEN = datetime(2023, 3, 8, 14, 5, tzinfo=UTC)
PERMALINK = URLS.post("fog")
PINGBACK = '<link rel="pingback" href="https://blog.example/pingback">'
WEBMENTION = '<link rel="webmention" href="https://blog.example/webmention">'
CLIENT_PATTERN = re.compile('<link rel="pingback" href="([^"]+)" ?/?>')  # Pingback 1.0, section 2.2
# What senders of webmentions look for in a page's text, tags and attributes in any order.
WEBMENTION_PATTERN = re.compile(
    r"""<(?:link|a)\b[^<>]*\brel=(?:"[^"]*|'[^']*|[^\s"'<>&]*)\bwebmention\b[^<>]*>""", re.IGNORECASE
)
QUOTED = '<link rel="pingback" href="https://evil.example/">'
QUOTED_TOO = '<link rel="webmention" href="x">'


@cache
def _environment(tag: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PAGES / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {"site": SITE, "urls": URLS, "stylesheets": [URLS.at("/static/style.css")]}
    environment.globals["request_id"] = lambda: "5ee1"
    environment.globals["menu"] = ()
    environment.globals["feed_urls"] = partial(urls_by_format, URLS)
    environment.globals["feeds"] = [("Feed", "application/atom+xml", FeedAddress("site", "atom").url(URLS))]
    prepare(environment, language_of(tag, UTC_ZONE))
    return environment


def render(template: str, **values: Any) -> str:
    tag = values.get("site", SITE).language
    return _environment(tag).get_template(template).render({"canonical": None} | values)


def post(**changes: Any) -> Post:
    values = dict.fromkeys(Post.__dataclass_fields__, "") | {
        "id": 1,
        "slug": "fog",
        "title": "Feeds in the Fog",
        "html": "<p>Fog.</p>",
        "excerpt": "Fog.",
        "summary": None,
        "image": None,
        "lang": "en",
        "state": "published",
        "published_at": THEN,
        "updated_at": THEN,
        "pings_open": True,
        "comments_open": True,
        "tags": (),
        "authors": (),
        "enclosures": (),
        **dict.fromkeys(("reply_to", "like_of", "repost_of", "bookmark_of"), ()),
        "tells": True,
    }
    return Post(**values | changes)


def thought(number: int, kind: str, **changes: Any) -> Thought:
    values: dict[str, Any] = dict.fromkeys(Thought.__dataclass_fields__, "") | {
        "id": number,
        "kind": kind,
        "author_name": f"Writer {number}",
        "excerpt": f"[…] words {QUOTED} {QUOTED_TOO} […]",
        "position": number,
        "received_at": THEN + timedelta(days=number),
        "updated_at": THEN + timedelta(days=number),
    }
    return Thought(**values | changes)


def form(**errors: Message) -> Form:
    values = {"comment": f"\nfirst line </textarea>{QUOTED}", "name": QUOTED, "email": "ada@", "website": ""}
    return Form(URLS.comments("fog"), (("token", QUOTED),), values, errors)


def post_page(**values: Any) -> str:
    plain: dict[str, Any] = {"post": post(), "authors": (), "thoughts": (), "form": None, "notice": None}
    number_shown = len(values.get("thoughts", ()))
    plain |= {"related": (), "older": None, "newer": None, "pages": ThoughtPages(1, {1: number_shown})}
    plain |= {"reactions": (), "pictures": {}}
    return render("post.html", **plain | {"takes_pings": True, "is_preview": False, "canonical": PERMALINK} | values)


def rich_post_page() -> str:
    rich = post(
        title=f"A title with {QUOTED} & more {QUOTED_TOO}",
        html="<p>Fog.</p><p>More.</p>",
        summary=f"In short: {QUOTED}{QUOTED_TOO}",
        image="https://blog.example/fog.png",
        lang="ar",
        updated_at=THEN + timedelta(days=2),
        tags=("sea & fog", "a/b"),
        reply_to=("https://other.example/a?b=1&c=2", "https://other.example/'%22%3E%E2%80%AE"),
        bookmark_of=("https://other.example/b",),
        enclosures=tuple(
            Enclosure(f"https://blog.example/media/{name}?a=1&b=2", media_type, length)
            for name, media_type, length in (
                ("a.mp3", "audio/mpeg", 4000),
                ("b.mp4", "video/mp4", 0),
                ("c.png", "image/png", 12),
                ("d.pdf", "application/pdf", 12),
            )
        ),
    )
    thoughts = (
        thought(1, "pingback", source="https://other.example/a?b=1&c=2", title=f"Its page {QUOTED}"),
        thought(2, "pingback", source="https://other.example/2", author_name="", host="other.example", excerpt=""),
        thought(3, "comment", author_url="https://grace.example/"),
        thought(4, "comment", author_name=""),
    )
    return post_page(
        post=rich,
        authors=("Ada", "Ben", "Cho"),
        thoughts=thoughts,
        related=(PostLink("tides", "Tides", "en", THEN),),
        older=PostLink("ebb", f"Ebb {QUOTED}", "en", THEN),
        newer=PostLink("flow", "Flow " * 50, "en", THEN),
        form=form(
            form=Message("Please send it again."),
            comment=Message("Please write something."),
            email=Message("Not an address."),
        ),
        notice=Message("Thank you. Your comment waits for approval."),
    )


def list_page(**values: Any) -> str:
    plain = {
        "heading": "",
        "scope": "site",
        "posts": (),
        "authors_of": lambda of: of.authors,
        "page": 1,
        "has_older": False,
    }
    return render("list.html", **plain | {"page_url": URLS.home, "counts": {}, "pictures": {}} | values)


def receipt_page(state: str, **changes: Any) -> str:
    unknown = dict.fromkeys(["reason", "post", "thought", "received_at", "checked_at", "next_check_at"])
    receipt = unknown | {"state": state, "source": "https://evil.example/", "target": PERMALINK, "timeline": []}
    return render("receipt.html", receipt=receipt | changes)


def webmention_page(answer: Answer | None = None, source: str = "", target: str = "") -> str:
    return render("webmention.html", answer=answer, source=source, target=target)


POSTS = (
    post(authors=("Ada",), tags=("sea",), summary="In short.", like_of=("https://other.example/a?b=1&c=2",)),
    post(id=2, slug="note", title="", lang="ar"),
    post(id=3, slug="empty", title="", excerpt=""),
)
FIRST_PAGE = list_page(posts=POSTS, has_older=True, counts={1: 1, 2: 5}, canonical=URLS.home())
SECOND_PAGE = list_page(posts=POSTS, page=2, heading="<sea>", scope="tag")
FULL_RECEIPT = receipt_page(
    "rejected",
    reason="no link",
    post=PERMALINK,
    received_at=THEN,
    checked_at=THEN,
    next_check_at=THEN,
    timeline=[{"at": THEN, "event": "received", "detail": "x"}, {"at": THEN, "event": "decided", "detail": ""}],
)


def elements(page: str, selector: str) -> list[turbohtml.Element]:
    return list(turbohtml.parse(page).select(selector))


def texts(page: str, selector: str) -> list[str]:
    return [" ".join(element.text.split()) for element in elements(page, selector)]


def hrefs(page: str, selector: str) -> list[str]:
    return [str(element.attrs["href"]) for element in elements(page, selector)]


def get(client: FlaskClient, url: str) -> TestResponse:
    """What is at one of the site's own URLs."""
    assert url.startswith("http://blog.example/")
    return client.get(url.removeprefix("http://blog.example"), buffered=True)
