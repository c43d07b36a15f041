"""One moderation action on one thought, for tests that need no more."""

from datetime import datetime

from feedserver.storage.engine import Database
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation.actions import moderate_all


def moderate(database: Database, thought_id: int, action: Action, now: datetime) -> Thought:
    """Returns the thought after the action. Raises the refusal if there is one."""
    result = moderate_all(database, [thought_id], action, now)
    if result.refused:
        raise result.refused[0]
    return result.thoughts[0]
