"""What a moderator decides at the desk: on thoughts, one or many, on places, and undoing it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args
from urllib.parse import parse_qsl

from flask import abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from feedserver.desk import frame, inbox, inbox_list, inbox_query
from feedserver.desk.inbox_query import InboxQuery
from feedserver.errors import PostNotFound, ThoughtError
from feedserver.services import services
from feedserver.thoughts import listing, store
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.moderation import actions, places, ruling
from feedserver.thoughts.moderation.seen import require_seen
from feedserver.thoughts.moderation.trust import Rule
from feedserver.websub import blocking

_ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
_RULES: Final[tuple[Rule, ...]] = get_args(Rule)
_OF_ALL: Final[tuple[Action, ...]] = ("spam", "delete")  # what can be decided on thoughts that are on no page
_DONE: Final = {
    "approve": "approved",
    "spam": "spam",
    "hide": "hidden",
    "delete": "thoughts-deleted",
    "block": "blocked",
    "trust": "trusted",
}  # words of `desk/done.py`
_MOST: Final = 100  # thoughts of one form
_MAX_DIGITS: Final = 18
_NONE_TICKED: Final = "No thought is ticked, so nothing was done."


@frame.blueprint.post("/thoughts")
def moderate() -> Response:
    """Decides on the thoughts of a form, each named with what was read of it, or on their places."""
    seen = dict(_read_keys(request.form.getlist("thought")[:_MOST]))
    action = request.form.get("action", "")
    if not seen:
        return inbox.render(_back(), [_NONE_TICKED], 400)
    if action in _RULES:
        return _set_rules(seen, next(rule for rule in _RULES if rule == action))
    parts, account = services(), frame.signed_in().account
    decided = next((one for one in _ACTIONS if one == action), None) or abort(400)
    done = actions.moderate_all(parts.database, seen, decided, parts.clock(), account=account, seen=seen)
    return _answer(done.refused, _DONE[decided])


@frame.blueprint.post("/thoughts/all")
def moderate_all() -> Response:
    """Decides on all thoughts that match the filters of a page, but for those that came after it."""
    query, newest = _back(), _read_number("newest")
    action = next((one for one in _OF_ALL if one == request.form.get("action")), None) or abort(400)
    parts, account = services(), frame.signed_in().account
    with parts.database.read() as connection:
        try:
            ids = listing.ids(connection, query.filters(inbox_list.post_of(connection, query.post)))
        except PostNotFound as error:
            return inbox.render(InboxQuery(), [str(error)], 404)
    known = [thought_id for thought_id in ids if thought_id <= newest]
    actions.moderate_heap(parts.database, known, action, parts.clock(), account=account)
    return _answer((), _DONE[action])


@frame.blueprint.post("/undo")
def undo() -> Response:
    """Takes back the last act of the account: the one that the form names, so that a second click does nothing."""
    parts, account = services(), frame.signed_in().account
    try:
        done = actions.undo(parts.database, parts.clock(), account=account, expected=request.form.get("act", ""))
    except ThoughtError as error:
        return _answer([error], "undone")
    blocked = [place for place, rule in done.rules.items() if rule == "block"]
    if blocked:
        parts.database.transact(lambda connection: _end_subscriptions(connection, blocked))
    return _answer(done.refused, "undone")


def _set_rules(seen: Mapping[int, str], rule: Rule) -> Response:
    """Blocks or trusts the places of some thoughts, those that have one, where all are as they were read."""
    parts, account = services(), frame.signed_in().account

    def operation(connection: Connection) -> bool:
        shared = parts.settings.moderation.shared_by_path
        thoughts = store.by_ids(connection, list(seen))
        require_seen(thoughts, seen)
        found = [places.place_of(thought, shared) for thought in thoughts]
        names = list(dict.fromkeys(place.name for place in found if place))
        changed = ruling.set_rules(connection, names, rule, parts.clock(), account)
        if rule == "block":
            _end_subscriptions(connection, changed)
        return bool(names)

    try:
        has_places = parts.database.transact(operation)
    except ThoughtError as error:
        return _answer([error], _DONE[rule])
    return _answer([] if has_places else [ThoughtError("these thoughts come from no place")], _DONE[rule])


def _end_subscriptions(connection: Connection, blocked: Iterable[str]) -> None:
    for place in blocked:
        blocking.follow(connection, place, services().clock())


def _answer(refused: Sequence[ThoughtError], done: str) -> Response:
    """Leads back to the page of the form; where something was refused, shows that page with the reasons (409)."""
    query = _back()
    if refused:
        return inbox.render(query, [f"{str(error)[:1].upper()}{str(error)[1:]}." for error in refused], 409)
    return frame.led_to(str(query), done=done)


# --- fields ---


def _back() -> InboxQuery:
    """The filters of the page that holds the form."""
    try:
        return inbox_query.read(dict(parse_qsl(request.form.get("back", "").removeprefix("?"))))
    except ValueError:
        return InboxQuery()


def _read_keys(texts: Iterable[str]) -> Iterable[tuple[int, str]]:
    """The ids of thoughts, each with the version that was read. Aborts with 400 for what is no such text."""
    for text in texts:
        number, _, version = text.partition(".")
        yield _number(number), version


def _read_number(field: str) -> int:
    return _number(request.form.get(field, ""))


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else abort(400)
