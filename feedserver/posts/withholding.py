"""Fields by which other systems withhold a post from readers: Hugo, Jekyll, Obsidian, WordPress and others. Pure.

Nobody's private words are shown because they were written for another system: what cannot be understood withholds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from difflib import get_close_matches
from typing import Any, Final

from feedserver.posts import dates

TRUE: Final = frozenset(("true", "yes", "on"))
FALSE: Final = frozenset(("false", "no", "off"))
UNSAID: Final = frozenset(("", "~", "null"))  # what programs write for a field without a value
_TRUE: Final = TRUE | {"1", "y"}
_FALSE: Final = FALSE | {"0", "n", "never"}

# The names of fields, as `squeezed` makes them, by what withholds a post.
_IF_TRUE: Final = frozenset(
    "draft saveasdraft draftmode private hidden hide unlisted unpublished unpublish notpublished donotpublish"
    " protected secret confidential internal password wip exclude ignore headless build deleted trashed expired"
    " membersonly embargoed eleventyexcludefromcollections"
    " <<".split()  # YAML 1.1 merges another mapping, which is not read, and may withhold
)
_IF_NOT_TRUE: Final = frozenset(
    "published publish dgpublish public visible listed discoverable render enabled live".split()
)
_IF_NOT_PUBLIC: Final = frozenset("status visibility access".split())
_IF_SAID: Final = frozenset("state stage workflow".split())  # may speak of something else, such as California
_BEFORE: Final = frozenset(
    "publishdate publishat publishon publishedat publishedon publisheddate publishtime publishedtime datepublished"
    " datepublish publicationdate pubdate releasedate scheduled scheduledat scheduledfor embargo postdate"
    " published publish".split()
)
_AFTER: Final = frozenset(
    "expirydate expires expireson expiresat unpublishdate unpublishon unpublishat unpublish".split()
)
NAMES: Final = _IF_TRUE | _IF_NOT_TRUE | _IF_NOT_PUBLIC | _IF_SAID | _BEFORE | _AFTER
_PREFIX: Final = re.compile("^(?:is|has|was|post|page|article|entry)")
_NEAR: Final = 0.8  # of the letters: a slip of the pen, not another word

_WITHHELD: Final = frozenset(
    "draft drafts drafted private pending hidden unlisted unpublished wip review inreview embargoed members trash"
    " trashed deleted internal confidential secret future scheduled".split()
)
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
    """Whether a field of this name may withhold a post."""
    return _kind(name) in NAMES


def read(fields: Mapping[str, Any], zone: tzinfo, *, is_dated: bool) -> Withholding:
    """What the fields of a front matter say, those apart that have a meaning here; dates without a zone are in `zone`.

    A field with a name near to one that withholds makes a draft if it says so plainly. `is_dated`: a date is there.
    """
    drafts: list[str] = []
    since: list[datetime] = []
    until: list[datetime] = []
    for name, value in fields.items():
        kind, said = _kind(name), _said(value)
        is_near = kind not in NAMES
        if said.casefold() in UNSAID or (is_near and not (kind := _nearest(kind))):
            continue
        moment = _moment(said, zone) if kind in _BEFORE | _AFTER else None
        if moment is not None:
            (until if kind in _AFTER else since).append(moment)
            continue
        vague = is_near or kind in _IF_SAID
        if _says_draft(kind, said) if vague else _makes_a_draft(kind, said.casefold(), is_dated):
            drafts.append(name)
    return Withholding(tuple(drafts), max(since, default=None), min(until, default=None))


def _says_draft(kind: str, said: str) -> bool:
    return squeezed(said) in (_FALSE if kind in _IF_NOT_TRUE else _TRUE if kind in _IF_TRUE else _WITHHELD)


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


def squeezed(name: str) -> str:
    """The letters and digits of a field's name, in lower case: systems spell it `isDraft`, `is_draft` and `is-draft`.

    A name without any, such as YAML's `<<`, is unchanged.
    """
    return "".join(filter(str.isalnum, name.casefold())) or name


def _kind(name: str) -> str:
    whole = squeezed(name)
    short = _PREFIX.sub("", whole, count=1)
    return short if whole not in NAMES and short in NAMES else whole


def _nearest(kind: str) -> str:
    return next(iter(get_close_matches(kind, sorted(NAMES), n=1, cutoff=_NEAR)), "")
