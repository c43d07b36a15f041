"""Whether a form was sent from a page of this site (Fetch Metadata; Fetch Standard, “Origin”). Pure."""

from urllib.parse import urlsplit

from feedserver.host_names import netloc


def origin_of(url: str) -> str:
    """Returns the origin of an absolute http(s) URL as browsers send it: scheme and host in lower case, the host in
    ASCII, the port unless it is the scheme's default (RFC 6454 sections 4 and 6.2)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{netloc(parts)}"


def is_from_here(fetch_site: str | None, sent_origin: str | None, origin: str) -> bool:
    """Whether a request that may change something comes from a page of the site at `origin`, or from no page at all.

    Browsers say so in Sec-Fetch-Site, where the site has TLS or is on loopback, else in Origin. Programs send neither:
    what they may do is decided by the form's token.
    """
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    return sent_origin is None or _is_same(sent_origin, origin)


def _is_same(sent: str, origin: str) -> bool:
    """Whether an Origin header names an origin, in whatever spelling; one with more than an origin in it does not."""
    try:
        is_origin = sent.count("/") == 2 and not set("?#@") & set(sent)
        return is_origin and origin_of(sent) == origin
    except ValueError:  # a port or an IPv6 address that is none
        return False
