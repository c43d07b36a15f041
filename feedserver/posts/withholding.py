"""Fields by which other systems withhold a post from readers: Hugo, Jekyll, Obsidian, WordPress and others. Pure.

Nobody's private words are shown because they were written for another system: what cannot be understood withholds.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
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
    " nopublish dontpublish"
    " membersonly embargoed eleventyexcludefromcollections"
    " <<".split()  # YAML 1.1 merges another mapping, which is not read, and may withhold
)
_IF_NOT_TRUE: Final = frozenset(
    "published publish dgpublish public visible listed discoverable render enabled live".split()
)
_IF_NOT_PUBLIC: Final = frozenset("status visibility access".split())
# These may speak of something else, such as California: only what says it plainly withholds.
_IF_SAID: Final = frozenset(
    "state stage workflow workflowstate workflowstatus publishstatus publishstate publishingstatus publicationstatus"
    " publicationstate reviewstatus editorialstatus".split()
)
_IF_FALSE: Final = frozenset(  # Eleventy writes no page with `permalink: false`
    "permalink output golive readytopublish readyforpublication".split()
)
_BEFORE_IF_DATED: Final = frozenset(
    "golive available availablefrom availableafter availableon availableat visiblefrom visibleafter visibleon visibleat"
    " livefrom liveafter liveon liveat showfrom showafter displayfrom displayafter releaseon releaseat"
    " releaseafter notbefore".split()
)
_BEFORE: Final = frozenset(
    "publishdate publishat publishon publishedat publishedon publisheddate publishtime publishedtime datepublished"
    " datepublish publicationdate pubdate releasedate scheduled scheduledat scheduledfor scheduledon scheduleddate"
    " scheduledate scheduleat scheduleon schedulefor embargo embargodate embargountil embargoeduntil embargoends"
    " postdate publishafter publishfrom publishnotbefore publishingdate publicationtime firstpublishedat datetopublish"
    " golivedate goliveat goliveon livedate draftuntil hiddenuntil hideuntil privateuntil"
    " published publish".split()
)
_AFTER: Final = frozenset(
    "expirydate expiredate expirationdate expiry expiration expires expireson expiresat unpublishdate unpublishon"
    " unpublishat unpublishafter unpublish publishuntil publisheduntil visibleuntil showuntil hideafter".split()
)
_OTHERWISE_UNKNOWN: Final = _IF_FALSE | _BEFORE_IF_DATED
_VAGUE: Final = _IF_SAID | _OTHERWISE_UNKNOWN
NAMES: Final = _IF_TRUE | _IF_NOT_TRUE | _IF_NOT_PUBLIC | _IF_SAID | _BEFORE | _AFTER
_ALL: Final = NAMES | _OTHERWISE_UNKNOWN
_PREFIX: Final = re.compile("^(?:is|has|was|post|page|article|entry|ghost|wp|blog|content|note|doc)+")
# Mappings in which systems put fields of the post: those of others may hide a part of it, such as its cover.
_OF_THE_POST: Final = frozenset("params meta metadata extra custom frontmatter post page article cascade".split())
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
    """What such fields say: which make the post a draft; no reader before `since`, none from `until` on.

    `others` are the names of fields that say nothing of it.
    """

    drafts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    others: tuple[str, ...] = ()


def read(fields: Mapping[str, Any], zone: tzinfo, *, is_dated: bool) -> Withholding:
    """What the fields of a front matter say, those apart that have a meaning here; dates without a zone are in `zone`.

    A field with a name near to one that withholds, or within a mapping, makes a draft if it says so plainly.
    `is_dated`: a date is there.
    """
    drafts: list[str] = []
    since: list[datetime] = []
    until: list[datetime] = []
    heard: set[str] = set()
    for name, kind, value, is_within in _pairs(fields):
        said, is_near = _said(value), kind not in _ALL
        if not (is_near or is_within or kind in _OTHERWISE_UNKNOWN):
            heard.add(name)
        if said in UNSAID or (is_near and not (kind := _nearest(kind))):
            continue
        moment = _moment(said, zone) if kind in _BEFORE | _BEFORE_IF_DATED | _AFTER else None
        if moment is not None:
            (until if kind in _AFTER else since).append(moment)
            heard.add(name)
            continue
        vague = is_near or is_within or kind in _VAGUE
        if _says_draft(kind, said) if vague else _makes_a_draft(kind, said, is_dated):
            drafts.append(name)
    others = tuple(name for name in fields if name not in heard.union(drafts))
    return Withholding(tuple(dict.fromkeys(drafts)), max(since, default=None), min(until, default=None), others)


def without_drafts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What to make of such fields so that none makes the post a draft, or ends its time: None takes one out."""
    return _without(fields, lambda said: bool(said.drafts or said.until))


def without_dates(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What to make of such fields so that none keeps readers waiting for a day."""
    return _without(fields, lambda said: said.since is not None)


def _without(fields: Mapping[str, Any], withholds: Callable[[Withholding], bool]) -> dict[str, Any]:
    def is_one(part: Mapping[str, Any]) -> bool:
        return withholds(read(part, UTC, is_dated=False))

    return {
        name: {key: part for key, part in value.items() if not is_one({name: {key: part}})} or None
        if isinstance(value, dict)
        else None
        for name, value in fields.items()
        if is_one({name: value})
    }


def _pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, bool]]:
    """Each field's name, kind and value, then the known ones within mappings (true), by the name of the mapping."""
    for name, value in fields.items():
        yield name, _kind(name), value, False
        if isinstance(value, dict) and squeezed(name) in _OF_THE_POST:
            yield from ((name, kind, part, True) for own, part in value.items() if (kind := _kind(own or "")) in _ALL)


def _says_draft(kind: str, said: str) -> bool:
    if kind in _IF_NOT_TRUE | _IF_FALSE:
        return said in _FALSE
    if kind == "password":
        return said not in _FALSE
    return squeezed(said) in (_TRUE if kind in _IF_TRUE else _WITHHELD)


def _makes_a_draft(kind: str, said: str, is_dated: bool) -> bool:
    if kind in _IF_NOT_TRUE:
        return said not in _PUBLIC
    if kind in _IF_NOT_PUBLIC:
        return said not in _PUBLIC and not (is_dated and said in _BY_DATE)
    return said not in _FALSE


def _moment(said: str, zone: tzinfo) -> datetime | None:
    if said in _TRUE | _FALSE:
        return None
    try:
        return dates.read(said, zone)
    except dates.UnreadableDate:
        return None


def _said(value: object) -> str:
    """The words of a field, in lower case; lists and mappings are none that we know."""
    if value is None:
        return ""
    return unicodedata.normalize("NFKC", value).strip().casefold() if isinstance(value, str) else "…"


def squeezed(name: str) -> str:
    """The letters and digits of a field's name, lower and narrow: systems spell it `isDraft` and `is-draft`.

    A name without any, such as YAML's `<<`, is unchanged.
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold())) or name


def _kind(name: str) -> str:
    whole = squeezed(name)
    short = _PREFIX.sub("", whole, count=1)
    return short if whole not in _ALL and short in _ALL else whole


def _nearest(kind: str) -> str:
    return next(iter(get_close_matches(kind, sorted(NAMES), n=1, cutoff=_NEAR)), "")
