"""One page of the inbox: thoughts with all that a moderator decides by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver.desk.inbox_query import InboxQuery
from feedserver.desk.pages import last_page
from feedserver.errors import PostNotFound
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.settings import Settings
from feedserver.text import cluster_start
from feedserver.thoughts import listing, store
from feedserver.thoughts.lifecycle import HIDDEN, Action, is_erased, nothing_to_show
from feedserver.thoughts.listing import Filters
from feedserver.thoughts.model import Content, Thought
from feedserver.thoughts.moderation import hosts, places, undo
from feedserver.thoughts.moderation.places import Place, Standing
from feedserver.thoughts.moderation.seen import version_of
from feedserver.thoughts.moderation.trust import Rule
from feedserver.thoughts.moderation.undo import ActionKey
from feedserver.thoughts.shown import at_present
from feedserver.urls import Urls

ON_A_PAGE: Final = 15  # thoughts: with their words a page stays below 30 kB
WORDS: Final = 6_000  # bytes of the texts on a page; what is longer is cut there, and whole on a page of its own


@dataclass(frozen=True, slots=True)
class Words:
    """A text as far as a page has room for it."""

    text: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A thought, and what is known of it and of where it comes from.

    `pending` is what its source says since it was approved, `words` and `pending_words` what is shown of the texts.
    `key` names the thought with what was read of it. `rule` is the one that applies to its place.
    """

    thought: Thought
    post: Post
    words: Words
    pending_words: Words | None
    email: str | None
    place: Place | None
    rule: Rule | None
    standing: Standing | None

    @property
    def pending(self) -> Content | None:
        return self.thought.pending_content

    @property
    def website(self) -> str | None:
        """The author's address, where it says more than that of the source."""
        url = self.thought.author_url
        is_near = self.thought.source is not None and urlsplit(url).netloc == urlsplit(self.thought.source).netloc
        return None if is_near or not url else url

    @property
    def key(self) -> str:
        return f"{self.thought.id}.{version_of(self.thought)}"

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be decided on it: nothing that would leave it as it is."""
        thought = self.thought
        if is_erased(thought):
            return ()
        is_settled = thought.approved and thought.state == "shown" and self.pending is None
        there: dict[Action, bool] = {
            "approve": is_settled or nothing_to_show(thought),
            "spam": thought.state == "spam",
            "hide": (thought.state == "held" and thought.reason == HIDDEN) or nothing_to_show(thought),
            "delete": thought.state == "deleted",
        }
        return tuple(action for action, is_there in there.items() if not is_there)


@dataclass(frozen=True, slots=True)
class LastAct:
    """What *Undo* would take back. `places`: of an act on places; else it was about `thoughts` thoughts."""

    key: ActionKey
    name: str
    thoughts: int
    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of the inbox, with how many thoughts and pages there are. `newest`: the highest id until now."""

    query: InboxQuery
    entries: Sequence[InboxEntry]
    total: int
    pages: int
    newest: int
    last_act: LastAct | None

    @property
    def has_places(self) -> bool:
        """Whether there is a place on this page that could be blocked or trusted: comments come from none."""
        return any(entry.place for entry in self.entries)


def load(connection: Connection, query: InboxQuery, account: str, settings: Settings, urls: Urls) -> Inbox:
    """Reads one page; beyond the last one, the last. Raises PostNotFound for a slug that no post ever had."""
    filters = query.filters(post_of(connection, query.post))
    ids, total, page = _ids_on_page(connection, filters, query.page)
    found = entries(connection, ids, settings, urls)
    pages, newest = last_page(total, ON_A_PAGE), listing.newest_id(connection)
    return Inbox(query.on(page), found, total, pages, newest, last_act(connection, account))


def _ids_on_page(connection: Connection, filters: Filters, page: int) -> tuple[Sequence[int], int, int]:
    """The ids on a page, or on the last one; how many there are in all; and the number of the page.

    What waits is bounded (`limits.held`), so that reading all of its ids takes half the time of a count beside.
    """
    waiting = listing.ids(connection, filters) if filters.waits else None
    total = listing.count(connection, filters) if waiting is None else len(waiting)
    page = min(page, last_page(total, ON_A_PAGE))
    begin = (page - 1) * ON_A_PAGE
    if waiting is not None:
        return waiting[begin : begin + ON_A_PAGE], total, page
    return listing.ids(connection, filters, ON_A_PAGE, begin), total, page


def post_of(connection: Connection, slug: str) -> int | None:
    """The id of the post with a slug, None for an empty one. Raises PostNotFound."""
    if not slug:
        return None
    found = posts.slug_owner(connection, slug)
    if found is None:
        raise PostNotFound(slug)
    return found


def entries(
    connection: Connection, ids: Sequence[int], settings: Settings, urls: Urls, room: int = WORDS
) -> list[InboxEntry]:
    """The thoughts with these ids, in this order, their texts in `room` bytes together."""
    found = [at_present(thought, urls) for thought in store.by_ids(connection, ids)]
    post_of = posts.by_ids(connection, {thought.post_id for thought in found})
    emails = listing.emails(connection, ids)
    standings = places.standings(connection, ids)
    shared = settings.moderation.shared_by_path
    place_of = {thought.id: places.place_of(thought, shared) for thought in found}
    rules = hosts.rules_for(connection, {place.url for place in place_of.values() if place})
    texts = fitted([text for thought in found for text in _texts(thought)], room)
    return [
        InboxEntry(
            thought,
            post_of[thought.post_id],
            words,
            pending if thought.pending_content else None,
            emails.get(thought.id),
            place := place_of[thought.id],
            rules.get(place.url) if place else None,
            standings.get(thought.id),
        )
        for thought, words, pending in zip(found, texts[::2], texts[1::2], strict=True)
    ]


def last_act(connection: Connection, account: str) -> LastAct | None:
    """What an account may take back, None if there is nothing."""
    found = undo.last(connection, account)
    if found is None or found.name in undo.NOT_UNDOABLE:
        return None
    return LastAct(found.key, found.name, undo.count(connection, found.id), sorted(found.rules))


def fitted(texts: Sequence[str], room: int) -> list[Words]:
    """Texts as far as they fit into so many bytes of UTF-8 together: the longest are cut, all to one length."""
    sizes = sorted(len(text.encode()) for text in texts)
    longest = room
    for index, size in enumerate(sizes):
        share = room // (len(sizes) - index)
        if size > share:
            longest = share
            break
        room -= size
    return [_cut(text, longest) for text in texts]


def _cut(text: str, most: int) -> Words:
    if len(text.encode()) <= most:
        return Words(text)
    kept = len(text.encode()[:most].decode(errors="ignore"))
    return Words(f"{text[: cluster_start(text, kept)].rstrip()} …", is_cut=True)


def _texts(thought: Thought) -> tuple[str, str]:
    waiting = thought.pending_content
    return thought.words, waiting.excerpt if waiting else ""
