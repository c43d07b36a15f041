"""How senders in the field look for an endpoint on a page: each less carefully than the Recommendation asks.

Told in our own words after reading them (2026): what a sender does not understand, it does not find.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

import turbohtml
from flask.testing import FlaskClient

Method = Literal["GET", "HEAD"]
Endpoint = tuple[Literal["webmention", "pingback"], str]


@dataclass(frozen=True)
class Seen:
    """A page as its sender got it: the URL that was asked for and the one after redirects, header fields, text."""

    asked: str
    final: str
    fields: list[tuple[str, str]]
    text: str

    def joined(self, name: str) -> str:
        """The values of a field as most libraries give them: joined by commas."""
        return ", ".join(value for field, value in self.fields if field.lower() == name.lower())


def look(client: FlaskClient, url: str, method: Method) -> Seen:
    """Asks for a URL of the site, and follows its redirects."""
    final = url
    response = client.open(path_of(url), method=method)
    while response.status_code == 301:
        final = response.headers["Location"]
        response = client.open(path_of(final), method=method)
    assert response.status_code == 200
    return Seen(url, final, list(response.headers), response.text)


def path_of(url: str) -> str:
    """The path and query of an absolute URL."""
    return "/" + url.split("/", 3)[3]


def splits_at_commas(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """webutil (Bridgy): splits the header at commas, wants rel right after “; ”, resolves against the URL it asked."""
    seen = ask("GET")
    for part in seen.joined("Link").split(","):
        if found := re.search(r"<([^>]+)>; rel=[\"']?(?:https?://)?webmention", part):
            return "webmention", urljoin(seen.asked, found[1])
    return None


def splits_at_commas_without_headers(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """The same behind a proxy that drops the header: the first element whose rel is the one word."""
    seen = ask("GET")
    for element in turbohtml.parse(seen.text).select("link[href], a[href]"):
        if element.attrs.get("rel") in ("webmention", ["webmention"]):
            return "webmention", urljoin(seen.asked, str(element.attrs["href"]))
    return None


def reads_by_pattern(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """mention-client-php: HEAD; wants rel right after “; ”, and keeps whatever stands in the brackets."""
    found = re.search(r'<([^>]+)>; rel="?webmention"?', ask("HEAD").joined("Link"))
    return ("webmention", found[1]) if found else None


def reads_elements_by_pattern(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """mention-client-php without the header: nothing but rel and href, in double quotes, href first if there is one."""
    text = re.sub(r"<!--.*?-->", "", ask("GET").text, flags=re.DOTALL)
    rel = r'rel="[^" ]* ?webmention ?[^" ]*"'
    found = re.search(rf'<(?:link|a) +href="([^"]+)" +{rel} */?>', text)
    found = found or re.search(rf'<(?:link|a) +{rel} +href="([^"]+)" */?>', text)
    return ("webmention", found[1]) if found else None


def asks_for_the_head(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """wordpress-webmention, microblog.pub: HEAD, each field for itself, resolved against the URL before redirects."""
    seen = ask("HEAD")
    for name, value in seen.fields:
        if name.lower() == "link" and (found := re.match(r"<(.[^>]+)>;\s+rel\s?=\s?[\"']?webmention", value)):
            return "webmention", urljoin(seen.asked, found[1])
    return None


def resolves_paths_alone(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """webmentiond: elements; makes only those addresses absolute that begin with a slash."""
    seen = ask("GET")
    for element in turbohtml.parse(seen.text).select("link[href], a[href]"):
        if "webmention" in str(element.attrs.get("rel", "")):
            url = str(element.attrs["href"])
            return "webmention", urljoin(seen.final, url) if url.startswith("/") else url
    return None


def prefers_pingback(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """remy/wm (webmention.app): X-Pingback before anything else."""
    seen = ask("GET")
    return ("pingback", seen.joined("X-Pingback")) if seen.joined("X-Pingback") else splits_at_commas(ask)


def knows_pingback_alone(ask: Callable[[Method], Seen]) -> Endpoint | None:
    """WordPress without a plugin: X-Pingback of a HEAD."""
    return "pingback", ask("HEAD").joined("X-Pingback")


SENDERS = (
    splits_at_commas,
    splits_at_commas_without_headers,
    reads_by_pattern,
    reads_elements_by_pattern,
    asks_for_the_head,
    resolves_paths_alone,
    prefers_pingback,
    knows_pingback_alone,
)
