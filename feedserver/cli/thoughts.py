"""`feedserver thought …`: list and moderate thoughts."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, get_args

from sqlalchemy import Connection

from feedserver.cli.arguments import (
    COPIES_STAY,
    Commands,
    counted,
    id_of,
    limited,
    listing,
    most_of,
    noun,
    open_site,
    print_fields,
    print_list,
    readable,
    remark,
    say_how_many,
    verb,
)
from feedserver.cli.hosts import host
from feedserver.errors import FeedserverError, PostNotFound, ThoughtNotFound
from feedserver.posts import dates
from feedserver.posts import store as posts
from feedserver.services import Services
from feedserver.storage import revision
from feedserver.storage.batches import batches
from feedserver.thoughts import listing as thoughts
from feedserver.thoughts import store
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.listing import Filters
from feedserver.thoughts.model import STATES, Kind, State, Thought
from feedserver.thoughts.moderation import actions, erase
from feedserver.thoughts.moderation.actions import ActionResult

_COLUMNS = ("id", "received", "state", "kind", "post", "who", "words", "reason")
_WORDS = ("response", "author_name", "author_url", "title", "excerpt")
_OF_HOST = "all thoughts from this host, subdomains included"

_ACTIONS: dict[Action, str] = {
    "approve": "show thoughts; later changes of their content wait for approval",
    "hide": "stop showing thoughts",
    "spam": "mark thoughts as spam; no ping brings them back",
    "delete": "delete thoughts; no ping brings them back",
}


def add_commands(commands: Commands) -> None:
    group = noun(commands, "thought", "list and moderate thoughts")
    listed = listing(group, "list", _list, "list thoughts, newest first")
    listed.add_argument("--post", metavar="SLUG", help="only those on this post")
    listed.add_argument("--state", choices=STATES, help="only those in this state")
    listed.add_argument("--kind", choices=get_args(Kind), help="only those of this kind")
    listed.add_argument("--host", metavar="HOST", type=host, help="only those from this host, subdomains included")
    listed.add_argument("--source", metavar="TEXT", help="only those whose source URL contains this text")
    limited(listed)
    shown = listing(group, "show", _show, "print all of a thought: its words, new words that wait, a comment's email")
    shown.add_argument("id", metavar="ID", type=id_of("thought"))
    for action, meaning in _ACTIONS.items():
        command = verb(group, action, _moderate, meaning)
        command.add_argument("ids", metavar="ID", type=id_of("thought"), nargs="*")
        command.add_argument("--host", metavar="HOST", type=host, help=_OF_HOST)
        command.add_argument("--state", choices=STATES, help="all thoughts in this state")
        command.add_argument("--before", metavar="DATE", help="of these only those received before; as in front matter")
        command.set_defaults(action=action, wrong_usage=command.error)
    erased = verb(group, "erase", _erase, "take words, names and addresses of thoughts out of the site, for good")
    erased.add_argument("ids", metavar="ID", type=id_of("thought"), nargs="*")
    erased.add_argument("--email", metavar="ADDRESS", help="all comments with this email address")
    erased.add_argument("--host", metavar="HOST", type=host, help=_OF_HOST)
    erased.set_defaults(wrong_usage=erased.error)
    verb(group, "undo", _undo, "undo the last approve, hide, spam or delete, for all of its thoughts")
    feed = verb(group, "feed", _feed, "print the secret address of the moderation feed")
    feed.add_argument("--renew", action="store_true", help="give it a new one; the old one ends at once")


def _list(chosen: Namespace) -> None:
    """Prints the newest thoughts as a table, or all as JSON."""
    services = open_site()
    with services.database.read() as connection:
        filters = _filters(connection, chosen)
        most = most_of(chosen)
        ids = thoughts.ids(connection, filters, most)
        total = 0 if chosen.json else thoughts.count(connection, filters)
    found = islice(_thoughts(services, ids, filters.state), most)
    if chosen.json:
        print_list((thoughts.as_json(one[0], services.urls, one[1]) for one in found), as_json=True, columns=())
        return
    rows = (_cells(thought) for thought, _ in found)
    print_list(rows, as_json=False, columns=_COLUMNS, zone=services.settings.site.zone, roomy=("words",))
    say_how_many(most, total, "thoughts")


def _filters(connection: Connection, chosen: Namespace) -> Filters:
    post_id = posts.slug_owner(connection, chosen.post) if chosen.post is not None else None
    if chosen.post is not None and post_id is None:
        raise PostNotFound(chosen.post)
    return Filters(post_id, chosen.state, chosen.kind, chosen.host, chosen.source)


def _thoughts(services: Services, ids: Sequence[int], state: State | None) -> Iterator[tuple[Thought, str | None]]:
    """The thoughts with these ids, each with a commenter's email address.

    Read in short transactions: one that stays open while a pager waits would let SQLite's log grow.
    """
    for some in batches(ids):
        with services.database.read() as connection:
            found = thoughts.listed(connection, some, state)
            emails = thoughts.emails(connection, some)
        yield from ((thought, emails.get(thought.id)) for thought in found)


def _cells(thought: Thought) -> dict[str, Any]:
    """The cells of a thought in the table."""
    return {
        "id": thought.id,
        "received": thought.received_at,
        "state": thought.state,
        "kind": thought.response or thought.kind,
        "post": thought.post_slug,
        "who": thought.author_name or thought.host,
        "words": thought.words or thought.title or None,
        "reason": thought.reason,
    }


def _show(chosen: Namespace) -> None:
    services = open_site()
    with services.database.read() as connection:
        thought = store.by_id(connection, chosen.id)
        if thought is None:
            raise ThoughtNotFound(chosen.id)
        email = thoughts.emails(connection, [thought.id]).get(thought.id)
    waiting = thought.pending_content
    pending = {name: getattr(waiting, name) or None for name in _WORDS} if waiting else None
    row = thoughts.as_json(thought, services.urls, email) | {"pending": pending}
    print_fields(row, as_json=chosen.json, zone=services.settings.site.zone)


def _moderate(chosen: Namespace) -> int:
    """Applies the action to each id, or to all thoughts that match the filters."""
    filtered = bool(chosen.host or chosen.state)
    if bool(chosen.ids) == filtered or (chosen.before and not filtered):
        chosen.wrong_usage("give either ids or --host HOST or --state STATE, which --before DATE may narrow")
    services = open_site()
    if filtered:
        return _moderate_heap(services, chosen)
    return _print_result(actions.moderate_all(services.database, chosen.ids, chosen.action, services.clock()))


def _moderate_heap(services: Services, chosen: Namespace) -> int:
    """Applies the action to all thoughts that match; skips those that cannot be approved or hidden."""
    zone = services.settings.site.zone
    try:
        before = dates.read(chosen.before, zone) if chosen.before else None
    except dates.UnreadableDate as error:
        chosen.wrong_usage(f"--before: {error}")
    with services.database.read() as connection:
        ids = thoughts.ids(connection, Filters(host=chosen.host, state=chosen.state, before=before, exactly=True))
    which = "".join(
        (
            f" from {chosen.host}" if chosen.host else "",
            f" in the state {chosen.state}" if chosen.state else "",
            f" received before {readable(before, zone)}" if before else "",
        )
    )
    states = actions.moderate_heap(services.database, ids, chosen.action, services.clock())
    if not states:
        raise FeedserverError(
            f"there is no thought{which} to {chosen.action}; `feedserver thought list` shows all thoughts"
        )
    print(f"{counted(len(states), 'thought')}{which}: {states[0]}")
    return 0


def _erase(chosen: Namespace) -> int:
    if sum(map(bool, (chosen.ids, chosen.email, chosen.host))) != 1:
        chosen.wrong_usage("give either ids, or --email ADDRESS, or --host HOST")
    services = open_site()
    with services.database.read() as connection:
        if chosen.email:
            ids = erase.ids_of_email(connection, chosen.email)
        else:
            ids = thoughts.ids(connection, Filters(host=chosen.host)) if chosen.host else list(chosen.ids)
    erased = erase.erase(services.database, ids, services.clock(), chosen.host)
    if erased:
        services.database.forget_deleted()
    if unknown := sorted(set(ids) - set(erased)):
        for thought_id in unknown:
            remark(str(ThoughtNotFound(thought_id)))
    elif not erased:
        raise FeedserverError(
            f"there is no thought {'of' if chosen.email else 'from'} {chosen.email or chosen.host} to erase"
        )
    if erased:
        number = counted(len(erased), "thought")
        print(f"{number} erased, for good; {COPIES_STAY}")
    return 1 if unknown else 0


def _undo(_: Namespace) -> int:
    services = open_site()
    return _print_result(actions.undo(services.database, services.clock()))


def _print_result(result: ActionResult) -> int:
    for error in result.refused:
        remark(str(error))
    for thought in result.thoughts:
        print(f"{thought.id}  {thought.state}")
    return 1 if result.refused else 0


def _feed(chosen: Namespace) -> None:
    services = open_site()
    if chosen.renew:
        services.database.transact(revision.renew_moderation_salt)
    print(services.urls.moderation_feed(services.moderation_key))
