"""What a look at a source found: for each post of ours that the page links to, the words and the manner of its link.

Pure. `sources` keeps it, so that one fetch settles all pings of a source and “nothing has changed” can be believed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import Content, LinkSignals


@dataclass(frozen=True, slots=True)
class Mention:
    """What a page says about one post. `hidden` is whether none of its links to that post can be seen."""

    content: Content
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """`mentions` by the post's id. `links` counts all links to our posts; `led_to` is where redirects ended, if any."""

    mentions: Mapping[int, Mention] = field(default_factory=dict)
    links: int = 0
    redirected_to: str | None = None

    def on(self, post_id: int) -> Linked | None:
        """The evidence that the page gives for one post; None when it does not mention it."""
        found = self.mentions.get(post_id)
        if found is None:
            return None
        return Linked(found.content, LinkSignals(self.links, found.hidden, self.redirected_to))

    def as_json(self) -> str:
        mentions = {post_id: asdict(mention) for post_id, mention in self.mentions.items()}
        return json.dumps(
            {"mentions": mentions, "links": self.links, "redirected_to": self.redirected_to}, ensure_ascii=False
        )


def from_json(text: str) -> Findings:
    """Reads what `as_json` wrote; anything else is no findings."""
    kept: dict[str, Any] = json.loads(text)
    mentions = {
        int(post_id): Mention(Content(**mention["content"]), mention["hidden"])
        for post_id, mention in kept.get("mentions", {}).items()
    }
    return Findings(mentions, kept.get("links", 0), kept.get("redirected_to"))
