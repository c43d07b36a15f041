"""What is new in a feed since a version that a reader has (RFC 3229 with the instance manipulation `feed`). Pure.

Works on the bytes of a document: the entries are cut out whole, so that a delta is the document without those that the
reader has. All `<` within text are escaped, so the tags that are looked for stand nowhere but around entries.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from feedserver.feeds.scopes import Format

_DIGEST: Final = 16  # hexadecimal digits: 64 bits tell the states of one entry apart
# Between two items RSS and Atom have nothing else, as feedgen writes them without blanks.
_ENTRIES: Final[dict[Format, re.Pattern[bytes]]] = {
    "rss": re.compile(rb"<item>.*?<guid [^>]*>([^<]*)</guid>.*?</item>", re.DOTALL),
    "atom": re.compile(rb"<entry(?: [^>]*)?>.*?<id>([^<]*)</id>.*?</entry>", re.DOTALL),
}
_COMPLETE: Final = b"<fh:complete/>"
_ASKED: Final = re.compile(r"(?:^|,)\s*feed\s*(?:;(?!\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


def asked_for(a_im: str | None) -> bool:
    """Whether a reader takes a delta: `A-IM` names `feed` (RFC 3229 section 10.5.3)."""
    return a_im is not None and _ASKED.search(a_im) is not None


def digests(fmt: Format, body: bytes) -> dict[str, str]:
    """What each entry of a document looks like, by its id; nothing for a format without deltas."""
    return {_id(match): _digest(match) for match in _found(fmt, body)}


def since(fmt: Format, body: bytes, known: Mapping[str, str]) -> bytes | None:
    """The document with only those entries that are new, or look otherwise than `known` says.

    None when there are none: then something else has changed, and only the whole document tells what. A delta does not
    say that it is complete, even where the document does (RFC 5005 section 2): its readers keep what they have.
    """
    entries = _found(fmt, body)
    wanted = [match[0] for match in entries if known.get(_id(match)) != _digest(match)]
    if not wanted:
        return None
    head, tail = body[: entries[0].start()], body[entries[-1].end() :]
    return head.replace(_COMPLETE, b"") + b"".join(wanted) + tail


def _found(fmt: Format, body: bytes) -> list[re.Match[bytes]]:
    return list(_ENTRIES[fmt].finditer(body)) if fmt in _ENTRIES else []


def _id(match: re.Match[bytes]) -> str:
    return match[1].decode()


def _digest(match: re.Match[bytes]) -> str:
    return hashlib.sha256(match[0]).hexdigest()[:_DIGEST]
