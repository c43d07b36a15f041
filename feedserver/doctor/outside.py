"""Looks at the site as others see it: through its public address, and the proxy that is there.

Nothing is stored by it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from feedserver import probe, xmlrpc
from feedserver.doctor.installation import is_loopback
from feedserver.doctor.model import Finding
from feedserver.errors import FetchError
from feedserver.feeds.scopes import SITE, urls_by_format
from feedserver.net.exchange import Header, Request, Response
from feedserver.request_body import FORM, MAX_BODY
from feedserver.urls import Urls

_SOURCE_MISSING: Final = 16  # Pingback 1.0
_PEER: Final = "the site"
_NGINX: Final = "see config/nginx.conf"


Ask = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the site from inside: its feeds' root id, its secret, and some addresses on it."""

    urls: Urls
    guid: str
    secret: str
    post: str | None  # a post that takes pings
    media: str | None  # a picture or file


@dataclass(frozen=True, slots=True)
class _Site:
    """The site, as it is seen through its public address."""

    known: Known
    ask: Ask
    now: datetime

    def get(self, url: str, *headers: Header) -> Response:
        return self.ask(Request(url, headers=headers, peer=_PEER))

    def post(self, url: str, body: bytes, content_type: str) -> Response:
        return self.ask(Request(url, "POST", headers=(("Content-Type", content_type),), body=body, peer=_PEER))


def looks(known: Known, now: datetime, ask: Ask) -> Iterator[Finding]:
    """Looks at all; at the connection alone where there is none. `ask` sends a request and raises FetchError."""
    site = _Site(known, ask, now)
    try:
        feed = site.get(urls_by_format(known.urls, SITE)["atom"])
    except FetchError as error:
        yield Finding("connection", str(error), "look at DNS, firewall, certificate and proxy, or correct site.url")
        return
    yield Finding("connection", f"{known.urls.base} answers")
    if known.guid.encode() not in feed.body:
        yield Finding(
            "site", f"what answers ({feed.status}) is not this site", "let the proxy lead here, or correct site.url"
        )
        return
    yield Finding("site", "it is this one")
    for look in (
        _alive,
        _seen,
        _path,
        _unchanged,
        _compressed,
        _feed_program,
        _body,
        _announced,
        _ping,
        _hidden,
        _ranges,
    ):
        try:
            found = list(look(site, feed))
        except FetchError as error:
            name = look.__name__.strip("_")
            found = [Finding(name, str(error), "look at the logs of the proxy and of feedserver")]
        yield from found
        if look is _alive and any(one.is_wrong for one in found):
            return


def _alive(site: _Site, _: Response) -> Iterator[Finding]:
    """Whether more answers than a cache of feeds."""
    if (status := _healthz(site).status) != 200:
        yield Finding("alive", f"/healthz answers {status}", "start the server, or let the proxy hand on all addresses")
    else:
        yield Finding("alive", "more than a cache answers")


def _healthz(site: _Site) -> Response:
    return site.get(site.known.urls.at("/healthz"), ("Authorization", probe.credentials(site.known.secret, site.now)))


def _seen(site: _Site, _: Response) -> Iterator[Finding]:
    """The client's address and scheme, as the server sees them, and whether `Authorization` arrives."""
    seen = json_object(_healthz(site).body)
    if "client" not in seen:
        yield Finding("headers", "the header Authorization does not arrive", "let the proxy hand it on")
        return
    yield Finding("headers", "the header Authorization arrives")
    wanted, host = urlsplit(site.known.urls.base).scheme, urlsplit(site.known.urls.base).hostname or ""
    if seen["forwarded"] and seen["client"] not in seen["forwarded"]:
        advice = f'`trusted_proxies = ["127.0.0.0/8", "::1", "{seen["client"]}"]`'
        yield Finding("client", f"all seem to come from the proxy at {seen['client']}", advice)
    elif is_loopback(seen["client"]) and not is_loopback(host):
        advice = f"let the proxy send `X-Forwarded-For`, and name it in server.trusted_proxies; {_NGINX}"
        yield Finding("client", f"all seem to come from {seen['client']}", advice)
    else:
        yield Finding("client", f"this machine is seen as {seen['client']}")
    if seen["scheme"] != wanted:
        advice = f"let the proxy send `X-Forwarded-Proto`, and name it in server.trusted_proxies; {_NGINX}"
        yield Finding("scheme", f"{wanted} arrives as {seen['scheme']}", advice)
    else:
        yield Finding("scheme", wanted)


def _path(site: _Site, _: Response) -> Iterator[Finding]:
    home = site.get(site.known.urls.home())
    if home.status != 200 or f'href="{site.known.urls.home()}"'.encode() not in home.body:
        yield Finding(
            "path", f"the home page answers {home.status}", f"let the proxy hand on paths as they are; {_NGINX}"
        )
    else:
        yield Finding("path", site.known.urls.home())


def _unchanged(site: _Site, feed: Response) -> Iterator[Finding]:
    etag = feed.get("ETag")
    again = site.get(feed.url, ("If-None-Match", etag)) if etag else feed
    if again.status != 304:
        yield Finding(
            "304", f"an unchanged feed answers {again.status}", "let the proxy hand on ETag and If-None-Match"
        )
    else:
        yield Finding("304", "an unchanged feed is not sent again")


def _compressed(site: _Site, feed: Response) -> Iterator[Finding]:
    coding = site.get(feed.url, ("Accept-Encoding", "gzip")).get("Content-Encoding")
    if coding != "gzip":
        yield Finding("gzip", "feeds are not compressed", "let the proxy hand on Accept-Encoding")
    else:
        yield Finding("gzip", "feeds are compressed")


def _feed_program(_: _Site, feed: Response) -> Iterator[Finding]:
    """Whether a program that others use reads the feed."""
    import feedparser

    read = feedparser.parse(feed.body, response_headers={"content-type": feed.get("Content-Type")})
    if read.bozo or not read.feed.get("title"):
        problem = str(read.get("bozo_exception") or "it has no title")
        yield Finding("feed", f"feedparser does not read it: {problem}", "let the proxy hand on bytes as they are")
    else:
        yield Finding("feed", f"feedparser reads {len(read.entries)} entries")


def _body(site: _Site, _: Response) -> Iterator[Finding]:
    """Whether the largest body that endpoints take comes through: its one field is missing, so that it is refused."""
    filled = b"x=" + b"y" * (MAX_BODY - 2)
    answer = site.post(site.known.urls.webmention(), filled, FORM)
    if answer.status != 400:
        yield Finding(
            "bodies", f"{MAX_BODY} bytes are answered with {answer.status}", "`client_max_body_size 256k;` in nginx"
        )
    else:
        yield Finding("bodies", f"{MAX_BODY} bytes arrive")


def _announced(site: _Site, _: Response) -> Iterator[Finding]:
    if site.known.post is None:
        return
    named = site.get(site.known.post).get_all("X-Pingback")
    if named != [site.known.urls.pingback()]:
        yield Finding(
            "endpoint", f"{site.known.post} names {named or 'no endpoint'}", "let the proxy hand on X-Pingback once"
        )
    else:
        yield Finding("endpoint", f"announced once: {named[0]}")


def _ping(site: _Site, _: Response) -> Iterator[Finding]:
    """A pingback whose source is no page of anybody: the site refuses it before it stores anything."""
    target = site.known.post or site.known.urls.post("none")
    answer = site.post(
        site.known.urls.pingback(), xmlrpc.call("pingback.ping", site.known.urls.feeds(), target), "text/xml"
    )
    code = _fault_code(answer.body)
    if answer.status != 200 or code != _SOURCE_MISSING:
        yield Finding(
            "pingback", f"it answers {answer.status} with the fault {code}", "let the proxy hand on POST to /pingback"
        )
    else:
        yield Finding("pingback", "it is taken, and refused in the right way")


def _hidden(site: _Site, _: Response) -> Iterator[Finding]:
    parts = urlsplit(site.known.urls.base)
    status = site.get(f"{parts.scheme}://{parts.netloc}/metrics").status
    if status == 200 and not is_loopback(parts.hostname or ""):
        yield Finding("metrics", "everybody can read /metrics", f"`location = /metrics {{ return 404; }}`; {_NGINX}")
    else:
        yield Finding("metrics", "hidden" if status != 200 else "this machine may read them")


def _ranges(site: _Site, _: Response) -> Iterator[Finding]:
    if site.known.media is None:
        return
    answer = site.get(site.known.media, ("Range", "bytes=0-0"))
    if answer.status != 206 or len(answer.body) != 1:
        yield Finding("ranges", f"a part of {site.known.media} answers {answer.status}", "let the proxy hand on Range")
    else:
        yield Finding("ranges", "parts of pictures and files are sent")


# --- answers ---


def json_object(body: bytes) -> dict[str, Any]:
    """The object of a JSON answer; an empty one if it is something else."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fault_code(body: bytes) -> int | None:
    try:
        found = xmlrpc.parse_response(body.decode("utf-8", "replace"))
    except xmlrpc.UnreadableResponse:
        return None
    return found.code if isinstance(found, xmlrpc.ReceivedFault) else None
