"""Conditional requests and content codings, as RFC 9110 orders them. Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from feedserver.feeds.store import Version

CODINGS: Final = ("br", "gzip", "identity")  # the smallest first
_TAG = re.compile(r'(?:W/)?(?:"([^"]*)"|([^\s,"]+))')
_SUFFIX = re.compile(r"(?:--?|;)(?:gzip|br|deflate|zstd)$")


def not_modified(version: Version, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether a reader has this version already (RFC 9110 section 13.2.2).

    If-None-Match wins where both are sent; it is compared weakly, and tags that a proxy or a reader has mangled
    (without quotes, with `-gzip` at the end) are understood. A date later than ours counts: some readers send the
    time of their last visit.
    """
    if if_none_match is not None:
        return if_none_match.strip() == "*" or _opaque(version.etag) in tags(if_none_match)
    if if_modified_since is not None:
        since = _date(if_modified_since)
        return since is not None and version.last_modified <= since
    return False


def is_conditional(if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether a request names something that its sender has; what is no date is ignored (RFC 9110, 13.1.3)."""
    return bool(if_none_match) or (if_modified_since is not None and _date(if_modified_since) is not None)


def coding(accept_encoding: str | None) -> str:
    """The coding that a reader likes best among ours (RFC 9110 section 12.5.3); `identity` where it names none."""
    if not accept_encoding:
        return "identity"
    weights = dict(_weighed(item) for item in accept_encoding.lower().split(",") if item.strip())
    others = weights.get("*", 0.0)
    # What is not named is not wanted, but for plain bytes, which need no mention and come after all that was named.
    wanted = {name: weights.get(name, others) for name in CODINGS[:-1]} | {"identity": weights.get("identity", 0.0001)}
    best = max(wanted, key=lambda name: (wanted[name], -CODINGS.index(name)))
    return best if wanted[best] else "identity"


def tags(if_none_match: str) -> set[str]:
    """The ETags in a header, without quotes and without the suffixes that proxies add."""
    return {_SUFFIX.sub("", quoted or bare) for quoted, bare in _TAG.findall(if_none_match)}


def _weighed(item: str) -> tuple[str, float]:
    name, _, parameters = item.strip().partition(";")
    match = re.search(r"\bq\s*=\s*([0-9.]+)", parameters)
    try:
        weight = float(match[1]) if match else 1.0
    except ValueError:
        weight = 0.0
    return {"x-gzip": "gzip"}.get(name.strip(), name.strip()), weight


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _date(header: str) -> datetime | None:
    """The moment that a date of any of HTTP's three forms names; None for what is no date (RFC 9110 section 5.6.7)."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # `asctime` names no zone; it is UTC
