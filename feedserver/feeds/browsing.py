"""Feeds for people: a page where a browser opens a feed, the list of all feeds, and that list as OPML.

Browsers mark a navigation (Fetch Metadata: `Sec-Fetch-Dest: document`, `Sec-Fetch-Mode: navigate`); no feed reader
sends that. Accept does not tell them apart: some readers prefer HTML.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from feedserver.feeds.autodiscovery import FORMAT_NAMES, for_site
from feedserver.feeds.build import TTL
from feedserver.feeds.opml import Outline, opml
from feedserver.feeds.scopes import SCOPES, FeedAddress, Format, urls_by_format
from feedserver.languages.messages import Message
from feedserver.services import services

blueprint = Blueprint("browsing", __name__)

_SHOWN: Final = 10  # entries on the page


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """One feed in the list: its title, its page, its URL in each format."""

    title: str
    page_url: str
    urls: dict[Format, str]


def wants_a_page() -> bool:
    """Whether a person opened the feed's address in a browser, without asking for the feed itself (`?raw=1`)."""
    headers = request.headers
    navigates = (headers.get("Sec-Fetch-Dest"), headers.get("Sec-Fetch-Mode")) == ("document", "navigate")
    return navigates and request.args.get("raw") != "1"


def preview(address: FeedAddress) -> Response:
    """A page about the document at `address`: its latest entries, and its address to copy.

    Raises what `FeedDocuments.describe` raises.
    """
    feed = services().feed_documents.describe(address)
    url = address.url(services().urls)
    response = make_response(
        render_template(
            "feed.html",
            feed=feed,
            address=address,
            format_name=FORMAT_NAMES[address.fmt],
            entries=feed.entries[:_SHOWN],
            subscribe_to=address.newest().url(services().urls),
            raw=f"{url}{'&' if '?' in url else '?'}raw=1",
            canonical=None,
            feeds=for_site(),
        )
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/feeds")
def all_feeds() -> str:
    """All feeds but those of single posts, which the posts' pages link to."""
    return render_template("feeds.html", groups=_listed(), canonical=services().urls.feeds(), feeds=for_site())


@blueprint.get("/feeds.opml")
def as_opml() -> Response:
    """The same list as OPML, which feed readers can import."""
    parts = services()
    site, translated = parts.settings.site, parts.language.translated
    outlines = {
        translated(group): [Outline(listed.title, listed.urls["rss"], listed.page_url) for listed in feeds]
        for group, feeds in _listed().items()
    }
    document = opml(site.title, site.author, outlines)
    response = Response(document, content_type="text/x-opml; charset=utf-8")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={TTL}"
    return response


def _listed() -> dict[Message, list[ListedFeed]]:
    """The feeds by heading; headings without feeds are left out."""
    parts, now = services(), services().clock()
    author = parts.settings.site.author
    rows = {scope: row for scope, row in SCOPES.items() if row.heading}
    names = parts.database.read_public(
        lambda connection: {scope: row.names(connection, now, author) for scope, row in rows.items()}
    )
    return {
        row.heading: [_feed(scope, name) for name in sorted(names[scope], key=str.casefold)]
        for scope, row in rows.items()
        if row.heading and names[scope]
    }


def _feed(scope: str, name: str) -> ListedFeed:
    parts, row = services(), SCOPES[scope]
    title = parts.language.translated(row.short_title.of(name=name, site=parts.settings.site.title))
    return ListedFeed(title, row.page_url(parts.urls, name), urls_by_format(parts.urls, scope, name))
