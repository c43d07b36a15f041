"""Old addresses: 301 to where they lead, where nothing else answers (`redirects`), or to the feed that is meant."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.errors import PostGone
from feedserver.pages import old_feeds
from feedserver.pages.old_feeds import OldFeed
from feedserver.services import services

blueprint = Blueprint("old_addresses", __name__)

# In `roof-300x200.jpg`, and in `/content/images/size/w600/2023/03/roof.jpg`.
_SIZE_OF_COPY: Final = re.compile(
    r"-\d{1,5}x\d{1,5}(?=\.[a-z0-9]{2,5}\Z)|(?<=/images)/size/w\d{1,5}(?:h\d{1,5})?(?:/format/\w{1,5})?(?=/)",
    re.IGNORECASE,
)
# `/2009/05/a-post/comment-page-2/`, `/category/walks/page/3/`, `/index.php?p=12`.
_OF_A_PART: Final = re.compile(r"(?:/comment-page-\d{1,5}|/page/\d{1,5}|/index\.(?:php|html?))/*\Z")
_READING: Final = ("GET", "HEAD")
_POSTS: Final = frozenset(("pages.post", "pages.post_with_slash", "site_pages.page", "site_pages.page_with_slash"))
_LISTS: Final = frozenset(("pages.tag", "pages.author"))  # a name may end as the address of a feed does


@blueprint.before_app_request
def by_query() -> BaseResponse | None:
    """Redirects from the home page with a query that makes it an old address, such as `/?p=12`."""
    if request.endpoint != "pages.home" or not request.query_string or request.method not in _READING:
        return None
    parts = services()
    found = parts.redirects.find_by_query(_paths(), _query()) if parts.redirects.counts(list(request.args)) else None
    old_feed = old_feeds.in_query(request.args)
    if old_feed is not None and (found is None or parts.urls.post_slug(found) is not None):
        found = _feed(old_feed, found)
    return redirect(found, 301) if found else None


def instead(error: Exception) -> BaseResponse | None:
    """The redirect for a request that ended with this error, 404 or 410; None if there is none.

    Raises PostGone if the redirect leads to a post that was deleted.
    """
    if request.method not in _READING:
        return None
    if isinstance(error, PostGone):
        found = services().redirects.over_deleted(error.slug) if request.endpoint in _POSTS else None
    else:
        found = services().redirects.find(_paths(), _query()) or _old_feed() or _large_picture() or _whole()
    return redirect(found, 301) if found else None


def _old_feed() -> str | None:
    """The feed that is meant by an address that no other system has for anything else."""
    is_routed = request.routing_exception is None and request.blueprint != "site_pages"
    if _is_outside() or (is_routed and request.endpoint not in _LISTS):
        return None
    old = old_feeds.at_path(_paths()[0], request.args)
    if old is None:
        return None
    page = "/" + "/".join(old.of)
    return _feed(old, services().redirects.find([page], "") or services().urls.at(page) if old.of else None)


def _large_picture() -> str | None:
    """The picture of which a smaller copy is asked for, as WordPress and Ghost name those that they make."""
    parts, paths = services(), _paths()
    large = [_SIZE_OF_COPY.sub("", path) for path in paths]
    found = parts.redirects.find(large, "") if large != paths else None
    return found if found and found.startswith(parts.urls.at("/media/")) else None


def _whole() -> str | None:
    """Where a post or list leads of which a part is asked for: a page of it or of its comments, or its index file."""
    parts, paths = services(), _paths()
    whole = [_OF_A_PART.sub("", path) or "/" for path in paths]
    if whole == paths:
        return None
    is_of_home = whole[0] == "/" and paths[0].startswith("/page/") and not _is_outside()
    return parts.redirects.find(whole, _query()) or (parts.urls.at("/") if is_of_home else None)


def _is_outside() -> bool:
    """Whether the site has a path, and another one is asked for."""
    return bool(urlsplit(services().urls.base).path) and not request.script_root


def _feed(old: OldFeed, page: str | None) -> str | None:
    parts = services()
    author = parts.settings.site.author
    return parts.database.read_public(
        lambda connection: old_feeds.meant(connection, parts.urls, author, parts.clock(), old, page)
    )


def _paths() -> list[str]:
    """The decoded path that is asked for, below the address of the site, and as it was sent."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    path = target.partition("?")[0] if target.startswith("/") else urlsplit(target).path
    sent = unquote(path) or request.script_root + request.path
    return [sent.removeprefix(request.script_root) or "/", sent]


def _query() -> str:
    return request.query_string.decode("utf-8", "replace")
