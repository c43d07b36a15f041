"""Search for people: `/search?q=`, and its description for browsers (`/opensearch.xml`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, abort, make_response, render_template, request
from lxml import etree
from markupsafe import Markup
from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from feedserver.feeds.autodiscovery import FORMAT_NAMES, HeadLinks, for_site
from feedserver.feeds.model import MEDIA_TYPES
from feedserver.pages import menu
from feedserver.pages.post_page import authors_of
from feedserver.pages.views import asked_page
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.search import finding, snippets
from feedserver.search.query import MOST_CHARACTERS, Query, parsed
from feedserver.services import services
from feedserver.text import shorten, strangers_line

blueprint = Blueprint("search", __name__)

_ON_A_PAGE: Final = 10  # posts
_NAMESPACE: Final = "http://a9.com/-/spec/opensearch/1.1/"
_SHORT_NAME: Final = 16  # characters that OpenSearch 1.1 allows
_DESCRIPTION_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Result:
    """A post that was found: its heading and a snippet, with marks."""

    post: Post
    url: str
    heading: Markup
    snippet: Markup


@blueprint.get("/search")
def search() -> Response:
    typed, page = asked_words(), asked_page()
    query = parsed(typed)
    if query.wanted and (wait := services().search_limit.refuses(request.remote_addr or "")):
        raise TooManyRequests(retry_after=wait)
    parts = services()
    html = parts.database.read_public(lambda connection: _render(connection, parts.clock(), typed, query, page))
    response = make_response(html)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def asked_words() -> str:
    """What was typed, as far as it counts, without characters that would change the text around it."""
    return strangers_line(request.args.get("q", ""), MOST_CHARACTERS)


def _render(connection: Connection, now: datetime, typed: str, query: Query, page: int) -> str:
    urls = services().urls
    ids = finding.find(connection, query, now, _ON_A_PAGE + 1, (page - 1) * _ON_A_PAGE)
    if not ids and page > 1:
        abort(404)
    return render_template(
        "search.html",
        asked=typed,
        is_question=bool(query.wanted),
        results=_results(connection, query, posts.in_order(connection, ids[:_ON_A_PAGE])),
        authors_of=authors_of,
        page=page,
        has_older=len(ids) > _ON_A_PAGE,
        canonical=None,
        feeds=_feeds(typed) if query.wanted else for_site(),
        menu=menu.read(connection, now, urls),
    )


def _results(connection: Connection, query: Query, found: list[Post]) -> list[Result]:
    urls, texts = services().urls, finding.texts(connection, [post.id for post in found])
    return [
        Result(
            post,
            urls.permalink(post.slug, is_page=post.page),
            snippets.marked(query, post.label),
            snippets.snippet(query, *texts[post.id], post.lede),
        )
        for post in found
    ]


def _feeds(typed: str) -> HeadLinks:
    """The feeds of what is found, before those of the site."""
    urls = services().urls
    named = [
        (f"{typed} ({name})", MEDIA_TYPES[fmt], urls.search_feed(fmt, typed)) for fmt, name in FORMAT_NAMES.items()
    ]
    return named + for_site()


@blueprint.get("/opensearch.xml")
def description() -> Response:
    """What a browser needs to search here (OpenSearch 1.1, draft 6)."""
    urls, site = services().urls, services().settings.site
    root = etree.Element("OpenSearchDescription", xmlns=_NAMESPACE)
    for name, text in (
        ("ShortName", shorten(site.title, _SHORT_NAME)),
        ("Description", shorten(site.description or site.title, 1024)),
        ("Language", site.language),
        ("InputEncoding", "UTF-8"),
        ("OutputEncoding", "UTF-8"),
        ("Image", urls.icon()),
    ):
        etree.SubElement(root, name).text = text
    templates = {"text/html": urls.search(), **{MEDIA_TYPES[fmt]: urls.search_feed(fmt, "") for fmt in FORMAT_NAMES}}
    for media_type, url in templates.items():
        etree.SubElement(root, "Url", type=media_type, template=f"{url}?q={{searchTerms}}")
    etree.SubElement(root, "Url", type="application/opensearchdescription+xml", rel="self", template=urls.opensearch())
    document = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    response = Response(document, content_type="application/opensearchdescription+xml; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={_DESCRIPTION_SECONDS}"
    return response
