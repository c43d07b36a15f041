"""What a post is for Micropub clients: `q=source`, one post or a list (Micropub section 3.7.2, and its extensions)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from feedserver.accounts.model import AppToken
from feedserver.authoring.micropub.finding import Finder, require_there
from feedserver.authoring.micropub.properties import properties_of
from feedserver.authoring.recent import Part, Which, listed
from feedserver.authoring.writing import allows, require_scope
from feedserver.clock import Clock, rfc3339
from feedserver.posts.model import Post

_DRAFTS: Final = ("update", "draft")  # scopes with which is read what readers do not see
_TYPE: Final = ("h-entry",)


@dataclass(frozen=True, slots=True)
class Sources:
    """Posts as their author's apps read them. What readers do not see needs a scope."""

    finder: Finder
    clock: Clock

    def one(self, url: str, wanted: Sequence[str], app: AppToken) -> dict[str, Any]:
        """The post at `url`: its type and properties; of `wanted` ones, if any, the properties alone."""
        post = self.finder.find(url)
        if not post.visible(self.clock()):
            require_scope(app, *_DRAFTS)
        require_there(post)
        properties = self._properties(post)
        return {"properties": _among(properties, wanted)} if wanted else {"type": _TYPE, "properties": properties}

    def some(self, which: Which, part: Part, wanted: Sequence[str], app: AppToken) -> dict[str, Any]:
        """A part of a list, and where the next one begins. Apps that may not read drafts see what readers see."""
        if not allows(app, _DRAFTS):
            if which == "draft":
                require_scope(app, *_DRAFTS)
            which = "visible"
        one_more = Part(part.limit + 1, part.offset, part.after)
        with self.finder.publisher.database.read() as connection:
            found = listed(connection, which, one_more, self.clock())
        shown = found[: part.limit]
        items = [{"type": _TYPE, "properties": _among(self._properties(post), wanted)} for post in shown]
        return {"items": items, "paging": {"after": str(shown[-1].id)} if len(found) > len(shown) else {}}

    def _properties(self, post: Post) -> dict[str, list[Any]]:
        document, addresses = self.finder.document(post)
        found = properties_of(document, addresses)
        if post.state != "draft":
            found["published"] = [rfc3339(post.published_at)]
        return found | {
            "updated": [rfc3339(post.updated_at)],
            "url": [self.finder.publisher.urls.post(post.slug)],
            "post-status": ["draft" if post.state == "draft" else "published"],
            "visibility": ["public"],
        }


def _among(properties: dict[str, list[Any]], wanted: Sequence[str]) -> dict[str, list[Any]]:
    if not wanted:
        return properties
    return {name: properties[name] for name in wanted if name in properties}
