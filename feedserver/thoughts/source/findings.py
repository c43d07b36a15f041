"""The findings of an inspection: content and signals for each of our posts that the source links to. Pure.

`verification.sources` stores them, so that one fetch settles all pings of a source, and a 304 confirms them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import Content, LinkSignals


@dataclass(frozen=True, slots=True)
class Mention:
    """What a source says on one post. `hidden` is true if all of its links to the post are hidden."""

    content: Content
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """`mentions` by post id. `posts` counts our posts that it links to. `redirected_to` is the final URL if another."""

    mentions: Mapping[int, Mention] = field(default_factory=dict)
    posts: int = 0
    redirected_to: str | None = None

    def on(self, post_id: int) -> Linked | None:
        """Returns the evidence for one post, None if the source does not link to it."""
        found = self.mentions.get(post_id)
        if found is None:
            return None
        return Linked(found.content, LinkSignals(self.posts, found.hidden, self.redirected_to))

    def as_json(self) -> str:
        mentions = {post_id: asdict(mention) for post_id, mention in self.mentions.items()}
        return json.dumps(
            {"mentions": mentions, "posts": self.posts, "redirected_to": self.redirected_to}, ensure_ascii=False
        )


def from_json(text: str) -> Findings:
    """Reads the JSON of `as_json`. That of the first release counted links instead of posts."""
    values: dict[str, Any] = json.loads(text)
    mentions = {
        int(post_id): Mention(Content(**mention["content"]), mention["hidden"])
        for post_id, mention in values["mentions"].items()
    }
    return Findings(mentions, values.get("posts", len(mentions)), values["redirected_to"])
