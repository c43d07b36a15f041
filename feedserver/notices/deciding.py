"""What an address in a mail opens, and the one act that it is good for.

The act and the end of the address are one transaction. The act is the command line's: `thought undo` takes it back.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from feedserver.errors import LinkExpired, LinkOvertaken, LinkUnknown
from feedserver.notices import links, mails
from feedserver.notices.contents import is_change, present
from feedserver.notices.links import Link
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.thoughts import store as thoughts
from feedserver.thoughts.lifecycle import Action, is_erased, waits
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation import actions
from feedserver.thoughts.moderation.seen import version_of
from feedserver.tokens import hashed

STOP: Final = "stop"  # what an address without a thought is used for
# What makes sense of a thought that waits; of new words beside approved ones, all may be taken from readers.
_ACTIONS: Final[tuple[Action, ...]] = ("approve", "spam", "delete")
_ACTIONS_OF_CHANGE: Final[tuple[Action, ...]] = ("approve", "hide", "spam", "delete")
_DONE: Final = {
    "approve": "It was approved, and readers see it.",
    "hide": "It was hidden.",
    "spam": "It was marked as spam.",
    "delete": "It was deleted.",
    STOP: "These mails were stopped.",
}
_STATES: Final[dict[State, str]] = {
    "shown": "Meanwhile it is shown: readers see it.",
    "held": "Meanwhile it was hidden.",
    "spam": "Meanwhile it was marked as spam.",
    "deleted": "Meanwhile it was deleted.",
    "gone": "Meanwhile the link has gone from its page: it waits no more.",
    "received": "Meanwhile its page is looked at once more; it waits again if the link is there.",
    "rejected": "Meanwhile its page links to the post no more.",
}
_CHANGED: Final = "Its words have changed since you opened it; open the address in the mail again."
_NOTHING_LEFT: Final = "Nothing of it is left."


@dataclass(frozen=True, slots=True)
class Opened:
    """A thought that waits, for a decision. `before` holds the approved words that readers see meanwhile."""

    thought: Thought
    before: Thought | None
    seen: str  # `version_of`
    actions: tuple[Action, ...]


def open_link(connection: Connection, token: str, settings: Settings, now: datetime) -> Opened | None:
    """What the address with this token opens; None: it stops the mails.

    Raises LinkUnknown, LinkExpired, or LinkOvertaken where it was used or nothing waits any more.
    """
    return _opened(connection, _good(links.find(connection, token), settings, now))


def decide(database: Database, token: str, action: Action, seen: str, now: datetime, settings: Settings) -> Thought:
    """Acts on the thought, as it was `seen`; returns it as it is then. Raises what `open_link` does."""
    return database.transact(partial(_decide, token=token, action=action, seen=seen, now=now, settings=settings))


def stop(database: Database, token: str, now: datetime, settings: Settings) -> None:
    """Stops the mails to whom the one with this address came. Raises what `open_link` does."""
    database.transact(partial(_stop, token=token, now=now, settings=settings))


def _decide(
    connection: Connection, token: str, action: Action, seen: str, now: datetime, settings: Settings
) -> Thought:
    link = _good(links.lock(connection, token), settings, now)
    opened = _opened(connection, link)
    if opened is None or action not in opened.actions:
        raise LinkOvertaken(_CHANGED)
    result = actions.moderate(connection, [opened.thought.id], action, now, seen={opened.thought.id: seen})
    if result.refused:
        raise LinkOvertaken(_CHANGED)
    links.use(connection, link, action, now)
    return result.thoughts[0]


def _stop(connection: Connection, token: str, now: datetime, settings: Settings) -> None:
    link = _good(links.lock(connection, token), settings, now)
    if link.thought_id is not None:
        raise LinkUnknown
    mails.stop(connection, settings, now)
    links.use(connection, link, STOP, now)


def _good(link: Link | None, settings: Settings, now: datetime) -> Link:
    """The address, unless it is none, was used, or is too old."""
    if link is None:
        raise LinkUnknown
    if link.used_for is not None:
        raise LinkOvertaken(_DONE[link.used_for])
    if link.expires_at <= now:
        raise LinkExpired
    if link.address is not None and link.address != hashed(settings.mail.to):
        raise LinkOvertaken("No mails go to that address any more.")
    return link


def _opened(connection: Connection, link: Link) -> Opened | None:
    if link.thought_id is None:
        return None
    thought = thoughts.by_id(connection, link.thought_id)
    if thought is None or is_erased(thought):
        raise LinkOvertaken(_NOTHING_LEFT)
    if not waits(thought):
        raise LinkOvertaken(_STATES[thought.state])
    if is_change(thought):
        return Opened(present(thought), thought, version_of(thought), _ACTIONS_OF_CHANGE)
    return Opened(thought, None, version_of(thought), _ACTIONS)
