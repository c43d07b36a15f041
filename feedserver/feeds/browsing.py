"""Feeds for people: a page where a feed is opened in a browser, the list of all feeds, and that list as OPML.

Browsers say that a person goes somewhere (Fetch Metadata: `Sec-Fetch-Dest: document`, `Sec-Fetch-Mode: navigate`);
no feed reader does. Accept would tell less: some readers like HTML as much as feeds.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request

from feedserver.feeds.autodiscovery import for_site
from feedserver.feeds.build import TTL
from feedserver.feeds.opml import Outline, opml
from feedserver.feeds.scopes import FORMATS, FeedAddress, Format, Scope
from feedserver.posts import lists
from feedserver.services import services

blueprint = Blueprint("browsing", __name__)

_SHOWN: Final = 10  # entries on the page
_GROUPS: Final[dict[Scope, str]] = {
    "site": "The whole site",
    "tag": "Tags",
    "author": "Authors",
    "thoughts": "Thoughts",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One feed in the list: its title, its page, its address in each format."""

    title: str
    page_url: str
    urls: dict[Format, str]


def wants_a_page() -> bool:
    """Whether the present request is a person's who opened a feed's address, and did not ask for the feed itself."""
    goes = (request.headers.get("Sec-Fetch-Dest"), request.headers.get("Sec-Fetch-Mode")) == ("document", "navigate")
    return goes and request.args.get("raw") != "1"


def preview(address: FeedAddress) -> Response:
    """What the document at `address` is, its latest entries, and its address to copy.

    Raises what `Feeds.get` raises.
    """
    feed = services().feed_documents.describe(address)
    url = address.url(services().urls)
    response = make_response(
        render_template(
            "feed.html",
            feed=feed,
            address=address,
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
    """Every feed there is but those of single posts, which their pages name."""
    parts = services()
    return render_template("feeds.html", groups=_listed(), canonical=parts.urls.feeds(), feeds=for_site())


@blueprint.get("/feeds.opml")
def as_opml() -> Response:
    """The same for feed readers, which can take a list of subscriptions."""
    outlines = {
        group: [Outline(listed.title, listed.urls["rss"], listed.page_url) for listed in feeds]
        for group, feeds in _listed().items()
    }
    site = services().settings.site
    document = opml(site.title, site.author, outlines)
    response = Response(document, content_type="text/x-opml; charset=utf-8")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={TTL}"
    return response


def _listed() -> dict[str, list[Listed]]:
    """The feeds by group; groups without any are left out."""
    parts, now = services(), services().clock()
    tags, authors = parts.database.read_public(
        lambda connection: (lists.names(connection, now, "tag"), lists.names(connection, now, "author"))
    )
    title = parts.settings.site.title
    names: dict[Scope, list[str]] = {
        "site": [""],
        "tag": sorted(tags, key=str.casefold),
        "author": sorted({*authors, parts.settings.site.author}, key=str.casefold),
        "thoughts": [""],
    }
    titles = {"site": title, "thoughts": f"Thoughts – {title}"}
    return {
        heading: [_feed(scope, name, titles.get(scope, name)) for name in names[scope]]
        for scope, heading in _GROUPS.items()
        if names[scope]
    }


def _feed(scope: Scope, name: str, title: str) -> Listed:
    urls = services().urls
    pages = {"tag": urls.tag, "author": urls.author}
    page_url = pages[scope](name) if scope in pages else urls.home()
    return Listed(title, page_url, {fmt: FeedAddress(scope, fmt, name).url(urls) for fmt in FORMATS})
