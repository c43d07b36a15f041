"""The ids of posts: made once, and never changed. An imported post keeps the one that it had. Pure.

RSS and JSON Feed take any text as an id, Atom an IRI alone (RFC 4287 section 4.2.6).
"""

import re
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import quote

from feedserver.errors import InvalidDocument
from feedserver.text import clean

MAX_GUID: Final = 2000  # bytes: an index of PostgreSQL holds no more than 2,704

_SAFE: Final = r"A-Za-z0-9._~!$&'()*+,;=:@-"  # as in `urls`: unreserved, sub-delims, and what a path has beside them
# RFC 3987 section 2.2: `ucschar`, but for the noncharacters, which no clean text holds.
_BEYOND: Final = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000dffff\U000e1000-\U000effff"
_CHARACTER: Final = rf"[{_BEYOND}{_SAFE}]|%[0-9A-Fa-f]{{2}}"
_ADDRESS: Final = r"\[[0-9A-Fa-fvV:.]+\]"  # IPv6, which brackets alone are for
_AUTHORITY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_IN_TAG: Final = "-._~!$'()*+,;:@/?="  # of the `specific` part (RFC 4151 section 2.1), those that HTML gives no meaning


def checked(guid: str) -> str:
    """An id as another system wrote it, cleaned. Raises InvalidDocument for one that is empty, or over 2,000 bytes."""
    found = clean(guid).strip()
    if not found or len(found.encode()) > MAX_GUID:
        raise InvalidDocument("guid", f"must be a text of at most {MAX_GUID:,} bytes")
    return found


def is_iri(guid: str) -> bool:
    """Whether an id is an absolute IRI (RFC 3987), as Atom wants it."""
    return _iri().fullmatch(guid) is not None


@cache
def _iri() -> re.Pattern[str]:
    """Compiled when the first imported id is checked: with all of Unicode it takes a fortieth of a short command."""
    return re.compile(
        rf"[A-Za-z][A-Za-z0-9+.-]*:(?=.)(?://(?:{_CHARACTER})*+(?:{_ADDRESS}(?::\d*)?)?(?=[/?#]|\Z))?"
        rf"(?:{_CHARACTER}|/)*+(?:\?(?:{_CHARACTER}|[/?])*+)?(?:#(?:{_CHARACTER}|[/?])*+)?"
    )


def atom_id(guid: str, host: str, day: datetime) -> str | None:
    """The id in Atom of a post whose `guid` is no IRI: a `tag:` (RFC 4151) of the site at `host`; None if it is one.

    `day` is a date on which the host was the site's own.
    """
    if is_iri(guid):
        return None
    authority = host if _AUTHORITY.fullmatch(host) else "localhost.invalid"  # an address in brackets cannot be one
    return f"tag:{authority},{day:%Y-%m-%d}:{quote(guid, safe=_IN_TAG)}"
