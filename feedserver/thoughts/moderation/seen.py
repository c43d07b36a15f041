"""What a moderator has seen of a thought, so that nothing else is decided on. Pure."""

import hashlib
import json
from typing import Final

from feedserver.thoughts.contents import entry_of, words_of
from feedserver.thoughts.model import Thought

_DIGITS: Final = 16  # 64 bits: a source cannot try them out, as it never sees them


def version_of(thought: Thought) -> str:
    """A hash of what is decided on: the state of a thought, its words, and those that wait beside them."""
    contents = [one and (words_of(one), entry_of(one)) for one in (thought.content, thought.pending_content)]
    told = json.dumps([thought.state, thought.approved, contents])
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]
