"""The pages that a post links to, and the version of its text that they are told of. Pure."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256

from feedserver.posts.document import body_of
from feedserver.posts.model import Post
from feedserver.posts.references import urls_in
from feedserver.sending.model import Version
from feedserver.thoughts.source.tokens import START, TEMPLATE, OpenElements, flagged_tokens
from feedserver.urls import MAX_URL, Urls, normalize_source, scheme, split_http

_STRIPPED = "\t\n\f\r "  # around an address (WHATWG URL standard, “valid URL potentially surrounded by spaces”)

Pages = Mapping[str, str]  # by page, without fragment, the address as it stands in the post


def pages_of(post: Post, urls: Urls) -> Pages:
    """The pages elsewhere that a post links to, those of its front matter first, then in document order.

    Not those of links with `rel=nofollow`: so an author says that a page is not to hear of the post.
    """
    found: dict[str, str] = {}
    for target in (*urls_in(post.references), *_followed(post.html, urls.post(post.slug))):
        page = _page_of(target)
        if page is not None and not urls.owns(target):
            found.setdefault(page, target)
    return found


def may_link(post: Post) -> bool:
    """Whether a post can have links; cheaper than `pages_of`."""
    return bool(post.references) or "<a" in post.html.lower()


def version_of(post: Post) -> Version:
    """A hash of what others are told of: title, text and links. Nothing else of a post makes another version.

    Nor do blank lines and blanks at the ends of lines.
    """
    about = [post.reply_to, post.like_of, post.repost_of, post.bookmark_of]
    text = list(filter(None, map(str.rstrip, body_of(post.source).splitlines())))
    return sha256(json.dumps([post.title, text, *about]).encode()).hexdigest()


def _followed(html: str, permalink: str) -> Iterator[str]:
    """The absolute addresses, as they stand there, of the links `a[href]` without `nofollow`.

    One that begins with `//` takes the scheme of the permalink.
    """
    for token, flags in flagged_tokens(html, OpenElements()):
        is_link = token.type is START and token.tag == "a" and not flags & TEMPLATE
        if not is_link or "nofollow" in (token.attr("rel") or "").lower().split():
            continue
        href = (token.attr("href") or "").strip(_STRIPPED)
        yield f"{scheme(permalink)}:{href}" if href.startswith("//") else href


def _page_of(target: str) -> str | None:
    """What identifies the page at an address; None if it is no http(s) address, or too long to be kept."""
    page = normalize_source(target) if split_http(target) is not None else None
    return page if page is not None and len(page) <= MAX_URL else None
