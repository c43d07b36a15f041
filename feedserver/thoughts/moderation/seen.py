"""What a moderator has seen of a thought, so that nothing else is decided on. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from feedserver.errors import ThoughtChanged
from feedserver.thoughts.contents import entry_of, words_of
from feedserver.thoughts.model import Thought

_DIGITS: Final = 16  # 64 bits: a source cannot try them out, as it never sees them


def version_of(thought: Thought) -> str:
    """A hash of what is decided on: a thought's source and post, its state, its words, and those that wait beside them.

    The source and the post are those of the thought for good: the id of one that was deleted may name another.
    """
    contents = [one and (words_of(one), entry_of(one)) for one in (thought.content, thought.pending_content)]
    told = json.dumps([thought.source, thought.post_id, thought.state, thought.approved, contents])
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]


def require_seen(thoughts: Iterable[Thought], seen: Mapping[int, str]) -> None:
    """Raises ThoughtChanged for a thought that is not as it was `seen`: its `version_of` by its id."""
    for thought in thoughts:
        if version_of(thought) != seen[thought.id]:
            raise ThoughtChanged(thought.id, thought.state, thought.reason, None)
