"""Which feeds there are, and how each is named: of the site, a tag, an author; of thoughts, on the site or a post."""

from dataclasses import dataclass
from typing import Literal

from feedserver.urls import Urls

Scope = Literal["site", "tag", "author", "thoughts", "post"]
Format = Literal["rss", "atom", "json"]


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """One feed in one format. `name` is the tag, the author, or the slug of the post whose thoughts it lists."""

    scope: Scope
    fmt: Format
    name: str = ""

    @property
    def key(self) -> str:
        """The name under which its versions are kept."""
        return f"{self.scope}/{self.name}.{self.fmt}"

    def url(self, urls: Urls) -> str:
        """Where the document is."""
        match self.scope:
            case "site":
                return urls.site_feed(self.fmt)
            case "tag":
                return urls.tag_feed(self.name, self.fmt)
            case "author":
                return urls.author_feed(self.name, self.fmt)
            case "thoughts":
                return urls.thoughts_feed(self.fmt)
            case "post":
                return urls.post_thoughts_feed(self.name, self.fmt)

    @property
    def is_of_thoughts(self) -> bool:
        return self.scope in ("thoughts", "post")
