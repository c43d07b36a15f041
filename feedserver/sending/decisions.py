"""What pages are to be told when a post has changed, and what follows from a try. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from feedserver.jobs.retry import pause_after
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.links import Pages
from feedserver.sending.model import GONE, REMOVED, OutgoingPing, Version

MOST: Final = 100  # pages that are told of one post
LATER: Final = tuple(timedelta(days=days) for days in (1, 7, 30))  # when a page without endpoint is asked once more
_LONGEST: Final = timedelta(days=2)  # for which a page in trouble is tried again
_NO_LINK: Final = "the link was taken out before the page was told"
_NO_POST: Final = "readers could not see the post any more before the page was told"
_NOT_TOLD: Final = "the post says `tell: false`"


@dataclass(frozen=True, slots=True)
class Standing:
    """A post as others are told of it: `version` and `pages` of what readers see, None and empty if they see nothing.

    `tells` is false where the post says so itself. `links_before`: pages that are not told, as the post linked to them
    before there was sending.
    """

    version: Version | None
    pages: Pages
    tells: bool = True
    links_before: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """A page that is to be told of `version`. `ping` is its row, None for a new one."""

    page: str
    target: str
    version: Version
    ping: OutgoingPing | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be told, and the pings of which nothing is to be told any more, as they are to be stored."""

    tellings: Sequence[Telling]
    dropped: Sequence[OutgoingPing]


def plan(post: Standing, pings: Sequence[OutgoingPing], under_way: Collection[int], *, anew: bool = False) -> Plan:
    """What follows from a post as it stands now.

    `under_way` are the ids of pings that are being sent: their pages may hear of the post at any moment. `anew`: all
    pages that the post links to are told, whatever they were told before.
    """
    tellings: list[Telling] = []
    dropped: list[OutgoingPing] = []
    for ping in pings:
        may_have_heard = ping.may_have_heard or ping.id in under_way
        version = version_for(ping, post, may_have_heard=may_have_heard)
        if version is None:
            if ping.due_version is not None or (ping.told_at is None and ping.told_version is not None):
                dropped.append(_dropped(ping, post))
        elif _is_news(version, ping) or (anew and ping.page in post.pages):
            target = post.pages.get(ping.page, ping.target)
            tellings.append(Telling(ping.page, target, version, ping))
    return Plan([*tellings, *_new(post, pings, anew=anew)], dropped)


def version_for(ping: OutgoingPing, post: Standing, *, may_have_heard: bool) -> Version | None:
    """The version that a page is to know; None if it is to hear nothing."""
    if not post.tells:
        return None
    if post.version is not None and ping.page in post.pages:
        return post.version
    lost = GONE if post.version is None else REMOVED
    return lost if may_have_heard else None


def _is_news(version: Version, ping: OutgoingPing) -> bool:
    """Whether a page has not been told of a version. One that knows that the post is gone needs no further word."""
    known = ping.due_version or ping.told_version
    return version != known and not (version == REMOVED and known == GONE)


def _new(post: Standing, pings: Sequence[OutgoingPing], *, anew: bool) -> Sequence[Telling]:
    if post.version is None or not post.tells:
        return []
    known = {ping.page for ping in pings}
    left = MOST - len(known & post.pages.keys())
    new = [page for page in post.pages if page not in known and (anew or page not in post.links_before)]
    return [Telling(page, post.pages[page], post.version) for page in new[: max(0, left)]]


def _dropped(ping: OutgoingPing, post: Standing) -> OutgoingPing:
    """The ping without anything to tell. A page that was never told is told afresh if the link comes back."""
    known = ping.told_version if ping.told_at is not None else None
    ping = replace(ping, due_version=None, told_version=known)
    if ping.state != "waiting":
        return ping
    why = _NOT_TOLD if not post.tells else _NO_POST if post.version is None else _NO_LINK
    return replace(ping, state="failed" if ping.told_at is None else "told", detail=why)


def to_tell(ping: OutgoingPing) -> Version | None:
    """The version that a page is to be told of now; None if nothing is. One without endpoint is asked once more."""
    return ping.due_version or (ping.told_version if ping.state == "none" else None)


@dataclass(frozen=True, slots=True)
class Settled:
    """A ping after a try, and its job: due at `run_at`, None if nothing is to come. `attempts` are the failed ones in
    a row; `in_background`: nobody waits for it."""

    ping: OutgoingPing
    run_at: datetime | None = None
    attempts: int = 0
    in_background: bool = False


def settled(
    ping: OutgoingPing,
    told: Version,
    endpoint: Endpoint | None,
    answer: Answer,
    *,
    attempts: int,
    now: datetime,
    jitter: float,
) -> Settled:
    """What follows from a try to tell a page of the version `told`.

    `ping` is as stored now: something else may be due since. `endpoint` is what was found; `attempts` are the failed
    ones before. `jitter`, from 0 to 1, spreads retries.
    """
    if to_tell(ping) is None and answer.meaning != "told":  # nothing is to be told any more
        return Settled(replace(ping, attempts=ping.attempts + 1))
    if answer.misses_link and told in (REMOVED, GONE):  # which is what it was to hear
        answer = replace(answer, meaning="told")
    ping = replace(ping, attempts=ping.attempts + 1, detail=answer.detail)
    if endpoint is not None:
        ping = replace(ping, protocol=endpoint.protocol, endpoint=endpoint.url)
    if answer.meaning == "again":
        return _again(ping, answer, attempts + 1, now, jitter)
    due, ping = ping.due_version, _ended(ping, told, answer, now)
    if due in (None, told):
        is_open = ping.state == "none" and told not in (REMOVED, GONE)
        return _ask_later(ping, now) if is_open else Settled(ping)
    if due in (REMOVED, GONE) and ping.told_at is None and ping.state in ("refused", "none"):
        return Settled(ping)  # who has heard nothing need not hear that nothing is left
    return Settled(replace(ping, state="waiting", due_version=due, since=now), run_at=now)


def _ended(ping: OutgoingPing, told: Version, answer: Answer, now: datetime) -> OutgoingPing:
    ping = replace(ping, told_version=told, due_version=None)
    match answer.meaning:
        case "told":
            return replace(ping, state="told", told_at=now, receipt=answer.receipt or ping.receipt)
        case "none":
            was_asked = ping.state == "none"
            since, asks = (ping.since, ping.asks + 1) if was_asked else (now, 0)
            return replace(ping, state="none", protocol=None, endpoint=None, since=since, asks=asks)
        case _:
            return replace(ping, state="refused")


def _again(ping: OutgoingPing, answer: Answer, attempts: int, now: datetime, jitter: float) -> Settled:
    if ping.state == "none":  # it was asked once more, and was in trouble just then
        return _ask_later(replace(ping, asks=ping.asks + 1), now)
    if attempts == 1:  # it may have waited for long before, as on a site that was restored
        ping = replace(ping, since=now)
    pause = pause_after(attempts, jitter)
    if pause is None or now - ping.since >= _LONGEST:
        why = f"given up after {attempts} tries: {answer.detail}"
        return Settled(replace(ping, state="failed", detail=why, told_version=ping.due_version, due_version=None))
    if answer.retry_after is not None:  # at the server's word; where it says little again and again, as for others
        least = pause_after(attempts - 1, jitter) if attempts > 1 else None
        pause = max(timedelta(seconds=answer.retry_after), least or timedelta(seconds=1))
    return Settled(ping, now + pause, attempts)


def _ask_later(ping: OutgoingPing, now: datetime) -> Settled:
    if ping.asks >= len(LATER):
        return Settled(ping)
    return Settled(ping, max(ping.since + LATER[ping.asks], now + LATER[0]), in_background=True)
