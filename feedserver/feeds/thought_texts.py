"""What a feed says of a thought: its title as an entry, and what is to be read of it. Pure."""

from typing import Final

from feedserver.languages.messages import Message
from feedserver.posts.model import Post
from feedserver.text import shorten
from feedserver.thoughts.model import Thought

_MAX: Final = 80  # characters of a title or name within a title
_ON: Final = Message("%(who)s on “%(title)s”")
_ANSWER: Final = Message("%(who)s in reply to %(name)s on “%(title)s”")
_TITLES: Final[dict[str | None, Message]] = {  # by responses
    "like": Message("%(who)s liked “%(title)s”"),
    "repost": Message("%(who)s reposted “%(title)s”"),
    "bookmark": Message("%(who)s bookmarked “%(title)s”"),
    "reply": Message("%(who)s replied to “%(title)s”"),
    "rsvp": Message("%(who)s answered “%(title)s”"),
}
_DEEDS: Final[dict[str | None, Message]] = {
    "like": Message("%(who)s liked this."),
    "repost": Message("%(who)s reposted this."),
    "bookmark": Message("%(who)s bookmarked this."),
}


def title_of(thought: Thought, post: Post) -> Message:
    """Who, and on which post, or what was done with it."""
    about = {"who": thought.author_label, "title": shorten(post.label, _MAX)}
    if thought.parent:
        return _ANSWER.of(name=shorten(thought.parent.author_label, _MAX), **about)
    return _TITLES.get(thought.response, _ON).of(**about)


def deed_of(thought: Thought) -> Message | None:
    """What a reaction did, in a sentence; None for what has words."""
    deed = _DEEDS.get(thought.response)
    return deed and deed.of(who=thought.author_label)
