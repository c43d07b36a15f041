"""WordPress's own methods for posts."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from feedserver.authoring import categories, recent
from feedserver.authoring.recent import Part
from feedserver.authoring.xmlrpc_apps import changes, structs
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.post_methods import some
from feedserver.authoring.xmlrpc_apps.structs import Struct
from feedserver.authoring.xmlrpc_apps.values import Members, post_id, text
from feedserver.errors import FeedserverError
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
# Groups of members that a caller may name.
_GROUPS: Final = {
    "terms": ("terms",),
    "taxonomies": ("terms",),
    "custom_fields": ("custom_fields",),
    "enclosure": ("enclosure",),
}
_NOT_BASIC: Final = {"terms", "custom_fields", "enclosure"}


class ChangedSince(FeedserverError):
    """A post was changed after the date that an app has named."""

    def __init__(self) -> None:
        super().__init__("There is a revision of this post that is more recent.")


def new(call: AppCall) -> Value:
    said = changes.of_wordpress(call.param(3), call.weblog.settings.zone)
    return str(call.weblog.posting.add(said, call.app, call.now).id)


def edit(call: AppCall) -> Value:
    """Raises ChangedSince if the post is newer than `if_not_modified_since`, which is in UTC."""
    since = Members(call.param(4)).moment("if_not_modified_since", UTC)
    if since is not None and call.post(3).updated_at > since:
        raise ChangedSince
    said = changes.of_wordpress(call.param(4), call.weblog.settings.zone)
    call.weblog.posting.edit(post_id(call.param(3)), said, call.app, call.now)
    return True


def delete(call: AppCall) -> Value:
    call.weblog.posting.delete(post_id(call.param(3)), call.app)
    return True


def post(call: AppCall) -> Value:
    return _structs(call, [call.post(3)], call.param(4))[0]


def posts(call: AppCall) -> Value:
    """`wp.getPosts`, the newest first. There are none of other kinds: an app that asks for pages would mix them up."""
    wanted = Members(call.param(3) or None)
    which = _WHICH.get(wanted.text("post_status") or "")
    if which is None or (wanted.text("post_type") or "post") not in ("post", "any"):
        return []
    part = Part(max(1, wanted.number("number", _DEFAULT)), max(0, wanted.number("offset", 0)))
    return _structs(call, some(call, part, which), call.param(4))


def _structs(call: AppCall, found: Sequence[Post], fields: Any) -> list[Struct]:
    """The structs of posts, with the members that an app has named, or all."""
    terms = call.weblog.database.transact(lambda connection: categories.listed(connection, call.now))
    whole = [structs.wordpress(post, call.weblog.urls, terms, call.now) for post in found]
    if not isinstance(fields, list) or not fields:
        return whole
    names = {name for field in fields for name in _members(text(field))}
    return [{name: value for name, value in struct.items() if name == "post_id" or name in names} for struct in whole]


def _members(field: str) -> Sequence[str]:
    return _GROUPS.get(field, (field,))
