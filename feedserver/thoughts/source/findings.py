"""The findings of an inspection: content and signals for each of our posts that the source links to. Pure.

`verification.sources` stores them, so that one fetch settles all pings of a source, and a 304 confirms them.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import Content, LinkSignals

_OF_PAGE: Final = ("author_name", "author_url", "title")  # the same in each mention of a page: stored once


@dataclass(frozen=True, slots=True)
class Mention:
    """What a source says on one post. `hidden` is true if all of its links to the post are hidden."""

    content: Content
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """`mentions` by post id. `posts` counts our posts that it links to. `redirected_to` is the final URL if another.

    `page_key` says which page it is (`source.identity`); None if nothing was read.
    """

    mentions: Mapping[int, Mention] = field(default_factory=dict)
    posts: int = 0
    redirected_to: str | None = None
    page_key: str | None = None

    def on(self, post_id: int) -> Linked | None:
        """Returns the evidence for one post, None if the source does not link to it."""
        found = self.mentions.get(post_id)
        if found is None:
            return None
        return Linked(found.content, LinkSignals(self.posts, found.hidden, self.redirected_to), self.page_key)

    def about(self, post_ids: Container[int]) -> "Findings":
        """The same findings with the mentions of these posts alone; without any, nothing but their number."""
        mentions = {one: found for one, found in self.mentions.items() if one in post_ids}
        return replace(self, mentions=mentions) if mentions else Findings(posts=self.posts)

    def as_json(self) -> str:
        mentions = {post_id: asdict(mention.content) for post_id, mention in self.mentions.items()}
        page = {name: value for content in mentions.values() for name, value in content.items() if name in _OF_PAGE}
        own = {
            post_id: {name: value for name, value in content.items() if name not in _OF_PAGE}
            | {"hidden": self.mentions[post_id].hidden}
            for post_id, content in mentions.items()
        }
        values = {"page": page, "mentions": own, "posts": self.posts, "redirected_to": self.redirected_to}
        return json.dumps(values | {"page_key": self.page_key}, ensure_ascii=False)


def from_json(text: str) -> Findings:
    """Reads the JSON of `as_json`."""
    values: dict[str, Any] = json.loads(text)
    mentions = {
        int(post_id): Mention(hidden=own.pop("hidden"), content=Content(**values["page"], **own))
        for post_id, own in values["mentions"].items()
    }
    return Findings(mentions, values["posts"], values["redirected_to"], values["page_key"])
