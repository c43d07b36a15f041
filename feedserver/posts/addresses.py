"""Makes the addresses in a post absolute, when a page or a feed is rendered: a site that moves takes them along. Pure.

Stored HTML for feeds keeps relative addresses as the author wrote them, between marks. A mark is a noncharacter, which
`text.clean` leaves in no text, so that addresses are found without parsing.
"""

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urljoin

import turbohtml

from feedserver.posts.model import Post
from feedserver.urls import absolute_url

_MARK = "\ufdd0"
_MARKED = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")


def marked(address: str) -> str:
    """A relative address in ASCII as it stands in stored HTML."""
    return f"{_MARK}{address}{_MARK}"


def unmarked(html: str) -> str:
    """Stored HTML with the addresses as the author wrote them."""
    return html.replace(_MARK, "")


def absolute_html(html: str, permalink: str) -> str:
    """Stored HTML with absolute URLs: relative ones are resolved as on the post's page."""
    return _MARKED.sub(lambda match: _absolute(match[1], permalink), html)


def at(permalink: str, post: Post) -> Post:
    """The post with absolute URLs in `feed_html`, `image` and `enclosures`, in ASCII."""
    return replace(
        post,
        feed_html=absolute_html(post.feed_html, permalink),
        image=post.image and absolute_url(post.image, permalink),
        enclosures=tuple(replace(file, url=absolute_url(file.url, permalink) or file.url) for file in post.enclosures),
    )


def elsewhere(permalink: str, post: Post) -> Post:
    """The post with absolute URLs in `html`, to be shown at another address than its own.

    Links to places within the text stay, as these are shown there too.
    """
    tree = turbohtml.parse_fragment(post.html, positions=False)
    tree.rewrite_links(lambda address: None if address.lstrip().startswith("#") else absolute_url(address, permalink))
    return replace(post, html=tree.inner_html)


@lru_cache(maxsize=4096)  # the feeds of a site and its formats hold the same posts
def _absolute(escaped: str, permalink: str) -> str:
    """A marked address, valid and in ASCII, as an absolute one; both with `&` as in HTML."""
    return urljoin(permalink, escaped.replace("&amp;", "&")).replace("&", "&amp;")
