"""Whether a form was sent from a page of this site (Fetch Metadata; Fetch Standard, “Origin”). Pure."""

from urllib.parse import urlsplit


def origin_of(url: str) -> str:
    """Returns the origin of an absolute http(s) URL: scheme, host and port, as browsers send it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_from_here(fetch_site: str | None, sent_origin: str | None, origin: str) -> bool:
    """Whether a request that may change something comes from a page of the site at `origin`, or from no page at all.

    Browsers say so in Sec-Fetch-Site, where the site has TLS or is on loopback, else in Origin. Programs send neither:
    what they may do is decided by the form's token.
    """
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    return sent_origin in (None, origin)
