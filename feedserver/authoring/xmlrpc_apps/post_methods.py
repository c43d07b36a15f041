"""The methods of Blogger, MetaWeblog and Movable Type that read and write posts."""

from collections.abc import Sequence
from dataclasses import replace

from feedserver.authoring import categories, recent
from feedserver.authoring.recent import NEWEST, Order, Part
from feedserver.authoring.xmlrpc_apps import changes, structs
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.changes import PostChanges
from feedserver.authoring.xmlrpc_apps.structs import Struct
from feedserver.authoring.xmlrpc_apps.values import Members, WrongArguments, number, post_id, text
from feedserver.posts.model import Post
from feedserver.xmlrpc import Value

_DEFAULT = 10
_MOST = 1000  # posts in one answer
_MOST_TEXT = 16_777_216  # characters of their texts, beyond which no further ones are added
_AT_ONCE = 20  # posts that are read from the database


def newest(call: AppCall, index: int) -> list[Post]:
    """The newest posts that the app may read, as many as a parameter says."""
    said = call.param(index)
    return some(call, Part(_DEFAULT if said is None or said == "" else max(1, number(said))))


def some(call: AppCall, part: Part, which: recent.Which = "all", order: Order = NEWEST) -> list[Post]:
    """A part of the list of posts that the app may read, up to what one answer holds."""
    if not call.reads_all:
        if which not in ("all", "visible"):
            return []
        which = "visible"
    wanted, found, length = min(part.limit, _MOST), list[Post](), 0
    with call.weblog.database.read() as connection:
        while len(found) < wanted and length < _MOST_TEXT:
            further = Part(min(_AT_ONCE, wanted - len(found)), part.offset + len(found))
            found += (new := recent.listed(connection, which, further, call.now, order))
            length += sum(len(post.source) for post in new)
            if len(new) < further.limit:
                break
    return found


# --- Blogger ---


def blogger_new(call: AppCall) -> Value:
    return str(call.weblog.posting.add(_said_in_blogger(call), call.app, call.now).id)


def blogger_edit(call: AppCall) -> Value:
    return _edit(call, 1, _said_in_blogger(call))


def blogger_post(call: AppCall) -> Value:
    return _in_blogger(call, [call.post(1)])[0]


def blogger_newest(call: AppCall) -> Value:
    return _in_blogger(call, newest(call, 4))


def _said_in_blogger(call: AppCall) -> PostChanges:
    said = changes.of_blogger(text(call.param(4)), call.param(5))
    if not said.categories:
        return said
    with call.weblog.database.read() as connection:
        return replace(said, categories=categories.meant(connection, said.categories))


def _in_blogger(call: AppCall, found: Sequence[Post]) -> list[Struct]:
    tags = call.weblog.database.transact(
        lambda connection: [categories.in_a_line(connection, post.tags, call.now) for post in found]
    )
    return [structs.blogger(post, written) for post, written in zip(found, tags, strict=True)]


def delete(call: AppCall) -> Value:
    """`blogger.deletePost`, whose second parameter is the id."""
    call.weblog.posting.delete(post_id(call.param(1)), call.app)
    return True


# --- MetaWeblog ---


def new(call: AppCall) -> Value:
    said = changes.of_metaweblog(call.param(3), call.param(4), call.weblog.settings.zone)
    return str(call.weblog.posting.add(said, call.app, call.now).id)


def edit(call: AppCall) -> Value:
    return _edit(call, 0, changes.of_metaweblog(call.param(3), call.param(4), call.weblog.settings.zone))


def post(call: AppCall) -> Value:
    return structs.metaweblog(call.post(0), call.weblog.urls, call.weblog.settings)


def recent_posts(call: AppCall) -> Value:
    return [structs.metaweblog(post, call.weblog.urls, call.weblog.settings) for post in newest(call, 3)]


# --- Movable Type ---


def post_categories(call: AppCall) -> Value:
    post = call.post(0)
    database = call.weblog.database
    ids = database.transact(lambda c: [categories.added(c, tag, call.now) for tag in post.tags])
    return [
        {"categoryName": tag, "categoryId": str(number), "isPrimary": number == ids[0]}
        for tag, number in zip(post.tags, ids, strict=True)
    ]


def set_post_categories(call: AppCall) -> Value:
    """The ids of the third parameter take the place of all tags; `nil` changes nothing."""
    said = call.param(3)
    if said is None:
        return _edit(call, 0, PostChanges())
    if not isinstance(said, list):
        raise WrongArguments("The categories must be a list.")
    ids = tuple(number(Members(one).raw("categoryId")) for one in said)
    return _edit(call, 0, PostChanges(categories=(), category_ids=ids))


def publish(call: AppCall) -> Value:
    post = call.weblog.posting.edit(post_id(call.param(0)), PostChanges(wish="public"), call.app, call.now)
    return post.id


def titles(call: AppCall) -> Value:
    return [structs.heading(post) for post in newest(call, 3)]


def _edit(call: AppCall, index: int, said: PostChanges) -> bool:
    call.weblog.posting.edit(post_id(call.param(index)), said, call.app, call.now)
    return True
