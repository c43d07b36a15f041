"""Fields by which other systems withhold a post from readers: Hugo, Jekyll, Obsidian, WordPress and others. Pure.

Nobody's private words are shown because they were written for another system: what cannot be understood withholds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from feedserver.posts import dates

TRUE: Final = frozenset(("true", "yes", "on"))
FALSE: Final = frozenset(("false", "no", "off"))
UNSAID: Final = frozenset(("", "~", "null"))  # what programs write for a field without a value
_TRUE: Final = TRUE | {"1", "y"}
_FALSE: Final = FALSE | {"0", "n", "never"}

# The names of fields without hyphens and underscores, by what withholds a post.
_IF_TRUE: Final = frozenset(
    "private hidden hide unlisted unpublished protected secret confidential internal password postpassword wip exclude"
    " ignore headless build deleted trashed membersonly embargoed eleventyexcludefromcollections"
    " isdraft isprivate ishidden".split()
)
_IF_NOT_TRUE: Final = frozenset(
    "published publish dgpublish public visible listed discoverable render enabled live"
    " ispublished ispublic isvisible".split()
)
_IF_NOT_PUBLIC: Final = frozenset("status poststatus pagestatus visibility access".split())
_BEFORE: Final = frozenset(
    "publishdate publishat publishon publishedat publishedon publisheddate publicationdate pubdate releasedate"
    " scheduled scheduledat scheduledfor embargo postdate published publish".split()
)
_AFTER: Final = frozenset("expirydate expires expireson expiresat unpublishdate unpublishon".split())
NAMES: Final = _IF_TRUE | _IF_NOT_TRUE | _IF_NOT_PUBLIC | _BEFORE | _AFTER

_PUBLIC: Final = _TRUE | frozenset(
    "published publish public live featured sent visible everyone all open always".split()
)
_BY_DATE: Final = frozenset(("future", "scheduled"))  # states in which the date alone withholds


@dataclass(frozen=True, slots=True)
class Withholding:
    """What such fields say: which make the post a draft; no reader before `since`, none from `until` on."""

    drafts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def is_known(name: str) -> bool:
    """Whether a field of this name, in lower case, may withhold a post."""
    return _squeezed(name) in NAMES


def read(fields: Mapping[str, Any], zone: tzinfo) -> Withholding:
    """What the fields of a front matter say; names are in lower case, dates without a zone in `zone`."""
    drafts: list[str] = []
    since: list[datetime] = []
    until: list[datetime] = []
    is_dated = fields.get("date") is not None
    for name in filter(is_known, fields):
        kind, said = _squeezed(name), _said(fields[name])
        if said.casefold() in UNSAID:
            continue
        moment = _moment(said, zone) if kind in _BEFORE | _AFTER else None
        if moment is not None:
            (until if kind in _AFTER else since).append(moment)
        elif _makes_a_draft(kind, said.casefold(), is_dated):
            drafts.append(name)
    return Withholding(tuple(drafts), max(since, default=None), min(until, default=None))


def _makes_a_draft(kind: str, said: str, is_dated: bool) -> bool:
    if kind in _IF_NOT_TRUE:
        return said not in _PUBLIC
    if kind in _IF_NOT_PUBLIC:
        return said not in _PUBLIC and not (is_dated and said in _BY_DATE)
    return said not in _FALSE


def _moment(said: str, zone: tzinfo) -> datetime | None:
    if said.casefold() in _TRUE | _FALSE:
        return None
    try:
        return dates.read(said, zone)
    except dates.UnreadableDate:
        return None


def _said(value: object) -> str:
    """The words of a field; lists and mappings are none that we know."""
    return "" if value is None else value.strip() if isinstance(value, str) else "…"


def _squeezed(name: str) -> str:
    return re.sub("[-_ ]", "", name)
