"""WordPress's own methods for posts."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final, Literal

from feedserver.authoring import categories, recent
from feedserver.authoring.recent import Order, Part
from feedserver.authoring.xmlrpc_apps import changes, structs
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.post_methods import some
from feedserver.authoring.xmlrpc_apps.structs import Struct
from feedserver.authoring.xmlrpc_apps.values import Members, WrongArguments, post_id, text
from feedserver.posts.model import Post
from feedserver.xmlrpc import Value

_DEFAULT: Final = 10
_WHICH: Final[Mapping[str, recent.Which]] = {
    "": "all",
    "any": "all",
    "publish": "visible",
    "draft": "draft",
    "future": "scheduled",
}
_ORDERS: Final[Mapping[str, Literal["date", "modified"]]] = {
    **dict.fromkeys(("", "date", "post_date"), "date"),
    **dict.fromkeys(("modified", "post_modified"), "modified"),
}
# A caller may name members, and `post` for all but these.
_NOT_BASIC: Final = {"terms", "custom_fields", "enclosure"}


def new(call: AppCall) -> Value:
    said = changes.of_wordpress(call.param(3), call.weblog.settings.zone)
    return str(call.weblog.posting.add(said, call.app, call.now).id)


def edit(call: AppCall) -> Value:
    """Raises ChangedSince if the post is newer than `if_not_modified_since`, which is in UTC."""
    since = Members(call.param(4)).moment("if_not_modified_since", UTC)
    said = changes.of_wordpress(call.param(4), call.weblog.settings.zone)
    call.weblog.posting.edit(post_id(call.param(3)), said, call.app, call.now, since)
    return True


def delete(call: AppCall) -> Value:
    call.weblog.posting.delete(post_id(call.param(3)), call.app)
    return True


def post(call: AppCall) -> Value:
    return _structs(call, [call.post(3)], call.param(4))[0]


def posts(call: AppCall) -> Value:
    """`wp.getPosts`, the newest first unless another order is named.

    There are none of other kinds: an app that asks for pages would mix them up.
    """
    wanted = Members(call.param(3) or None)
    which = _WHICH.get(wanted.text("post_status") or "")
    if which is None or (wanted.text("post_type") or "post") not in ("post", "any"):
        return []
    order = _order(wanted.text("orderby") or "", wanted.text("order") or "")
    part = Part(max(1, wanted.number("number", _DEFAULT)), max(0, wanted.number("offset", 0)))
    return _structs(call, some(call, part, which, order), call.param(4))


def _structs(call: AppCall, found: Sequence[Post], fields: Any) -> list[Struct]:
    """The structs of posts, with the members that an app has named, or all."""
    terms = call.weblog.database.transact(lambda connection: categories.listed(connection, call.now))
    whole = [structs.wordpress(post, call.weblog.urls, terms, call.now) for post in found]
    if not isinstance(fields, list) or not fields:
        return whole
    named = {text(field) for field in fields}
    names = {"post_id"} | named | ({"terms"} if "taxonomies" in named else set())
    if "post" in named:
        names |= {name for struct in whole for name in struct if name not in _NOT_BASIC}
    return [{name: value for name, value in struct.items() if name in names} for struct in whole]


def _order(by: str, direction: str) -> Order:
    if by.lower() not in _ORDERS or direction.upper() not in ("", "ASC", "DESC"):
        raise WrongArguments("Posts are sorted by date or modified, ASC or DESC.")
    return Order(_ORDERS[by.lower()], newest_first=direction.upper() != "ASC")
