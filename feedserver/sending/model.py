"""The values of pings that go out. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from feedserver.sending.answers import Protocol

State = Literal["waiting", "told", "refused", "none", "failed"]  # none: no endpoint; failed: given up
STATES: Final[tuple[State, ...]] = get_args(State)

# What a page is told of: one text of the post that links to it (`decisions.version_of`), or one of these.
REMOVED: Final = "removed"  # the post links to it no more
GONE: Final = "gone"  # readers see the post no more
Version = str


@dataclass(frozen=True, slots=True)
class OutgoingPing:
    """One page that one post links to, or linked to, and what it was told.

    `page` identifies it, `target` is its address as it stands in the post. `source` is the address of the post that the
    receiver knows, or else the one of the last try; None before. `attempts` counts every try. `since`: since when there
    is something to tell, since when that fails, or since when there is no endpoint; `asks` counts how often a page
    without endpoint was asked once more. `told_version` is what the last telling was of, whatever came of it;
    `due_version` what is to be told, None if nothing is.
    """

    id: int
    post_id: int
    page: str
    target: str
    source: str | None
    protocol: Protocol | None
    endpoint: str | None
    state: State
    detail: str | None
    attempts: int
    told_at: datetime | None
    receipt: str | None
    created_at: datetime
    since: datetime
    asks: int
    told_version: Version | None
    due_version: Version | None

    @property
    def is_foreseen(self) -> bool:
        """Whether it only stands there to be seen: its page is told for the first time when the delay has passed."""
        return self.state == "waiting" and self.due_version is None

    @property
    def may_have_heard(self) -> bool:
        """Whether the receiver was told, or may have been by a try whose answer was not heard."""
        return self.told_at is not None or (self.endpoint is not None and self.state != "refused")
