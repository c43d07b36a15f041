"""Responses with cached pages, in the content coding that the client prefers."""

from collections.abc import Callable, Hashable
from datetime import datetime

from flask import Response, request
from sqlalchemy import Connection

from feedserver.content_coding import coding
from feedserver.pages.cache import CachedPage
from feedserver.services import services


def cached(key: Hashable, render: Callable[[Connection, datetime], CachedPage]) -> Response:
    """The current page for `key`, which is the same for everybody; `PageCache.get` says more."""
    return respond(key, services().page_cache.get(key, render))


def respond(key: Hashable, page: CachedPage, inserted: bytes = b"") -> Response:
    """`page`, which is cached under `key`, with `inserted` where it was split.

    Answers to forms go out uncompressed: they repeat what was sent, beside the token of a form.
    """
    chosen = coding(request.headers.get("Accept-Encoding"))
    encoded = None if chosen == "identity" else services().page_cache.encoded(key, page, chosen)
    response = Response(encoded.around(inserted) if encoded else inserted.join(page.html))
    if encoded:
        response.headers["Content-Encoding"] = chosen
    response.headers["Vary"] = "Accept-Encoding"
    return response
