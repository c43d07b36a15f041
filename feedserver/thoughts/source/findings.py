"""The findings of an inspection: content and signals for each of our posts that the source links to. Pure.

`verification.sources` stores them, so that one fetch settles all pings of a source, and a 304 confirms them.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from feedserver.thoughts.contents import words_of
from feedserver.thoughts.lifecycle import Linked
from feedserver.thoughts.model import Content, LinkSignals, Response
from feedserver.thoughts.source.entry import Entry, shows_words

_OF_PAGE: Final = ("author_name", "author_url", "title")  # the same in each mention of a page: stored once


@dataclass(frozen=True, slots=True)
class Mention:
    """What a source says on one post. `hidden` is true if all of its links to the post are hidden.

    `response` is what the page's h-entry is to the post; None if it says nothing on it. `is_empty`: the link is a
    property of the h-entry without any text, which then is no sign of hiding.
    """

    content: Content
    hidden: bool = False
    response: Response | None = None
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """`mentions` by post id. `posts` counts our posts that it links to. `redirected_to` is the final URL if another.

    `page_key` says which page it is (`source.identity`); None if nothing was read. `entry` is the page's h-entry;
    `is_of_before` if an older release wrote the findings, which read none.
    """

    mentions: Mapping[int, Mention] = field(default_factory=dict)
    posts: int = 0
    redirected_to: str | None = None
    page_key: str | None = None
    entry: Entry | None = None
    is_of_before: bool = field(default=False, compare=False)

    def on(self, post_id: int) -> Linked | None:
        """Returns the evidence for one post, None if the source does not link to it."""
        found = self.mentions.get(post_id)
        if found is None:
            return None
        linked = Linked(found.content, LinkSignals(self.posts, found.hidden, self.redirected_to), self.page_key)
        hidden = found.hidden and not found.is_empty
        signals = LinkSignals(self.posts, hidden, self.redirected_to)
        return replace(linked, webmention=replace(linked, content=self._as_webmention(found), signals=signals))

    def _as_webmention(self, found: Mention) -> Content:
        if self.entry is None or found.response is None:
            return replace(found.content, response="mention")
        return self.entry.says(found.content, found.response, is_empty=found.is_empty)

    def about(self, post_ids: Container[int]) -> "Findings":
        """The same findings with the mentions of these posts alone; without any, nothing but their number."""
        mentions = {one: found for one, found in self.mentions.items() if one in post_ids}
        return replace(self, mentions=mentions) if mentions else Findings(posts=self.posts)

    def as_json(self) -> str:
        """Of keys that came later, none is where older programs read a content: they know its own alone."""
        mentions = {post_id: words_of(mention.content) for post_id, mention in self.mentions.items()}
        page = {name: value for content in mentions.values() for name, value in content.items() if name in _OF_PAGE}
        own = {
            post_id: {name: value for name, value in content.items() if name not in _OF_PAGE}
            | {"hidden": self.mentions[post_id].hidden}
            for post_id, content in mentions.items()
        }
        values = {"page": page, "mentions": own, "posts": self.posts, "redirected_to": self.redirected_to}
        return json.dumps(values | {"page_key": self.page_key, "entry": self._entry()}, ensure_ascii=False)

    def _entry(self) -> dict[str, Any] | None:
        if self.entry is None:
            return None
        published_at = self.entry.published_at.isoformat() if self.entry.published_at else None
        said = {one: (found.response, found.is_empty) for one, found in self.mentions.items() if found.response}
        has_words = any(shows_words(response, is_empty=is_empty) for response, is_empty in said.values())
        words = self.entry.words if has_words else ""
        return asdict(self.entry) | {"words": words, "published_at": published_at, "responses": said}


def from_json(text: str) -> Findings:
    """Reads the JSON of `as_json`."""
    values: dict[str, Any] = json.loads(text)
    entry, responses = _entry_of(values.get("entry"))
    mentions = {
        int(post_id): Mention(Content(**values["page"], **own), hidden, *responses.get(post_id, ()))
        for post_id, own in values["mentions"].items()
        for hidden in (own.pop("hidden"),)
    }
    page = (values["redirected_to"], values["page_key"])
    return Findings(mentions, values["posts"], *page, entry, is_of_before="entry" not in values)


def _entry_of(values: dict[str, Any] | None) -> tuple[Entry | None, dict[str, Any]]:
    """The entry in the JSON, and by post what it is to it; older releases wrote none."""
    if values is None:
        return None, {}
    responses, published_at = values.pop("responses"), values.pop("published_at")
    return Entry(**values, published_at=datetime.fromisoformat(published_at) if published_at else None), responses
