"""Thoughts as comments: WordPress's methods list and moderate them."""

from typing import Final

from feedserver.authoring.writing import require_scope
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.scalars import LARGEST
from feedserver.authoring.xmlrpc_apps.structs import Struct
from feedserver.authoring.xmlrpc_apps.values import Members, WrongArguments, number
from feedserver.errors import ThoughtNotFound
from feedserver.posts import store as posts
from feedserver.thoughts import listing
from feedserver.thoughts.lifecycle import Action
from feedserver.thoughts.listing import Filters
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.moderation import actions
from feedserver.xmlrpc import Value

_DEFAULT: Final = 10
_MOST: Final = 500  # in one answer
_STATES: Final[dict[str, tuple[State, ...]]] = {
    "": ("shown", "held"),
    "all": ("shown", "held"),
    "hold": ("held",),
    "approve": ("shown",),
    "spam": ("spam",),
    "trash": ("deleted",),
}
_STATUSES: Final[dict[State, str]] = {"shown": "approve", "held": "hold", "spam": "spam", "deleted": "trash"}
_ACTIONS: Final[dict[str, Action]] = {"approve": "approve", "hold": "hide", "spam": "spam", "trash": "delete"}


def listed(call: AppCall) -> Value:
    """`wp.getComments`, the newest first. New words that wait beside approved ones are on hold."""
    require_scope(call.app, "update", "delete")
    wanted = Members(call.param(3) or None)
    states = _STATES.get(wanted.text("status") or "", ())
    first = max(0, wanted.number("offset", 0))
    end = min(first + min(max(1, wanted.number("number", _DEFAULT)), _MOST), LARGEST)
    post_id = wanted.number("post_id", 0) or None
    with call.weblog.database.read() as connection:
        of_states = (listing.ids(connection, Filters(post_id=post_id, state=state), end) for state in states)
        ids = sorted({one for ids in of_states for one in ids}, reverse=True)[first:end]
        found = listing.listed(connection, ids, states[0] if len(states) == 1 else None)
        emails = listing.emails(connection, ids)
        titles = {post.id: post.name for post in posts.by_ids(connection, {one.post_id for one in found}).values()}
    newest: dict[int, Thought] = {}
    for thought in found:  # what waits comes before what is shown of the same
        newest.setdefault(thought.id, thought)
    return [_struct(one, titles[one.post_id], emails.get(one.id, ""), call) for one in newest.values()]


def edit(call: AppCall) -> Value:
    """`wp.editComment`: its status can be changed; the words of others cannot. `trash` needs the scope `delete` too."""
    require_scope(call.app, "update")
    said = Members(call.param(4))
    thought = _find(call, 3)
    content, status = said.text("content"), said.text("status")
    if content is not None and content.split() != thought.words.split():
        raise WrongArguments("The words of others cannot be changed.")
    if status and status != _STATUSES.get(thought.state):
        if status not in _ACTIONS:
            raise WrongArguments(f"There is no comment status “{status[:40]}”.")
        if (action := _ACTIONS[status]) == "delete":
            require_scope(call.app, "delete")
        _moderate(call, thought, action)
    return True


def delete(call: AppCall) -> Value:
    require_scope(call.app, "delete")
    _moderate(call, _find(call, 3), "delete")
    return True


def _find(call: AppCall, index: int) -> Thought:
    """The thought whose id is a parameter, as it waits if something of it does. Raises ThoughtNotFound."""
    thought_id = number(call.param(index))
    with call.weblog.database.read() as connection:
        found = listing.listed(connection, [thought_id]) if 0 < thought_id < 2**63 else []
    if not found:
        raise ThoughtNotFound(thought_id)
    return found[0]


def _moderate(call: AppCall, thought: Thought, action: Action) -> None:
    """Raises ThoughtError for what cannot be done."""
    database, account = call.weblog.database, call.app.account
    for refused in actions.moderate_all(database, [thought.id], action, call.now, account=account).refused:
        raise refused


def _struct(thought: Thought, title: str, email: str, call: AppCall) -> Struct:
    return {
        "date_created_gmt": thought.received_at,
        "user_id": "0",
        "comment_id": str(thought.id),
        "parent": str(thought.parent_id or 0),
        "status": _STATUSES.get(thought.state, "hold"),
        "content": thought.words,
        "link": call.weblog.urls.thought(thought.post_slug, thought.id, thought.page),
        "post_id": str(thought.post_id),
        "post_title": title,
        "author": thought.author_label,
        "author_url": thought.source or thought.author_url,
        "author_email": email,
        "author_ip": "",
        "type": "" if thought.kind == "comment" else "pingback",
    }
