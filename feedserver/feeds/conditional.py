"""Conditional requests (RFC 9110 section 13). Pure. Caches what Werkzeug parses of frequent fields."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from werkzeug.http import parse_date, parse_etags

_SUFFIX: Final = re.compile(r"(?:--?|;)(?:gzip|br|deflate|zstd)$")  # added to ETags by compressing proxies
_REMEMBERED: Final = 128  # header fields


class Validators(NamedTuple):
    """The validators of a document (RFC 9110 section 8.8): a weak ETag, and a date (UTC, whole seconds) or None."""

    etag: str
    last_modified: datetime | None


def not_modified(validators: Validators, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether the client has the document with these validators (RFC 9110 section 13.2.2).

    If-None-Match wins over If-Modified-Since, and is compared weakly. A date later than ours counts too: some
    readers send the time of their last visit.
    """
    etag, last_modified = validators
    if if_none_match is not None:
        return if_none_match == etag or _names(if_none_match, etag)
    if if_modified_since is not None and last_modified is not None:
        since = _date(if_modified_since)
        return since is not None and last_modified <= since
    return False


def is_conditional(if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether a request has a condition; an invalid date is ignored (RFC 9110 section 13.1.3)."""
    return bool(if_none_match) or (if_modified_since is not None and _date(if_modified_since) is not None)


def _names(if_none_match: str, etag: str) -> bool:
    """Whether the field names the ETag, is `*`, or names the ETag without quotes or with the suffix of a proxy."""
    tags = parse_etags(if_none_match.strip())
    opaque = etag.removeprefix("W/").strip('"')
    sent = filter(None, tags.as_set(include_weak=True))  # an empty tag is parsed as None
    return tags.star_tag or any(_SUFFIX.sub("", tag) == opaque for tag in sent)


@lru_cache(_REMEMBERED)
def _date(text: str) -> datetime | None:
    """The date in any of HTTP's three forms (RFC 9110 section 5.6.7), None if invalid."""
    try:
        return parse_date(text)
    except OverflowError:  # a year of twenty digits
        return None
