"""What one scope alone allows, method by method: no door is wider than another."""

from collections.abc import Callable, Set
from datetime import timedelta
from typing import Any, Final
from xmlrpc.client import Fault

import pytest

from feedserver.accounts.model import SCOPES
from feedserver.authoring.xmlrpc_apps.methods import METHODS
from feedserver.services import WebServices
from tests.authoring.conftest import ME, App, MakeApp
from tests.support.fixtures import Publish
from tests.support.outside import Clock, Web

ANY: Final = frozenset(SCOPES)
DRAFTS: Final = {"create", "draft", "update"}  # which read what readers do not see
FILES: Final = {"create", "media"}
FILE: Final = {"name": "a.txt", "type": "text/plain", "bits": b"words"}

Ids = dict[str, str]
Call = Callable[[App, Ids], Any]


def _deed(method: str, *params: Any) -> Call:
    """A call, in whose parameters names of posts stand for their ids."""
    return lambda app, ids: app(method, *(ids.get(one, one) if isinstance(one, str) else one for one in params))


# Each method with the scopes of which one suffices.
CALLS: Final[list[tuple[Call, str, Set[str]]]] = [
    (_deed(method, *params), f"{method} {case}".strip(), scopes)
    for method, case, params, scopes in [
        ("blogger.getUsersBlogs", "", ["", ME], ANY),
        ("blogger.getUserInfo", "", ["", ME], ANY),
        ("blogger.newPost", "draft", ["", "1", ME, "x", False], {"create", "draft"}),
        ("blogger.newPost", "public", ["", "1", ME, "x", True], {"create"}),
        ("blogger.editPost", "", ["", "public", ME, "x", True], {"update"}),
        ("blogger.deletePost", "", ["", "public", ME, True], {"delete"}),
        ("blogger.getRecentPosts", "", ["", "1", ME, 5], ANY),
        ("blogger.getPost", "public", ["", "public", ME], ANY),
        ("blogger.getPost", "draft", ["", "draft", ME], DRAFTS),
        ("metaWeblog.getUsersBlogs", "", ["", ME], ANY),
        ("metaWeblog.newPost", "draft", ["1", ME, {"title": "A"}, False], {"create", "draft"}),
        ("metaWeblog.newPost", "public", ["1", ME, {"title": "A"}, True], {"create"}),
        ("metaWeblog.editPost", "", ["public", ME, {"title": "A"}], {"update"}),
        ("metaWeblog.deletePost", "", ["", "public", ME], {"delete"}),
        ("metaWeblog.getPost", "public", ["public", ME], ANY),
        ("metaWeblog.getPost", "draft", ["draft", ME], DRAFTS),
        ("metaWeblog.getPost", "to come", ["to come", ME], DRAFTS),
        ("metaWeblog.getRecentPosts", "", ["1", ME], ANY),
        ("metaWeblog.getCategories", "", ["1", ME], ANY),
        ("metaWeblog.newMediaObject", "", ["1", ME, FILE], FILES),
        ("mt.getCategoryList", "", ["1", ME], ANY),
        ("mt.getPostCategories", "public", ["public", ME], ANY),
        ("mt.getPostCategories", "draft", ["draft", ME], DRAFTS),
        ("mt.setPostCategories", "", ["public", ME, []], {"update"}),
        ("mt.setPostCategories", "nil", ["public", ME, None], {"update"}),
        ("mt.publishPost", "public", ["public", ME], {"update"}),
        ("mt.publishPost", "draft", ["draft", ME], set()),  # it needs two: update and create
        ("mt.getRecentPostTitles", "", ["1", ME, 5], ANY),
        ("wp.getUsersBlogs", "", [ME], ANY),
        ("wp.newPost", "draft", ["1", ME, {"post_title": "A"}], {"create", "draft"}),
        ("wp.newPost", "public", ["1", ME, {"post_title": "A", "post_status": "publish"}], {"create"}),
        ("wp.editPost", "", ["1", ME, "public", {"post_title": "A"}], {"update"}),
        ("wp.editPost", "draft", ["1", ME, "draft", {"post_title": "A"}], {"update"}),
        ("wp.deletePost", "", ["1", ME, "public"], {"delete"}),
        ("wp.getPost", "public", ["1", ME, "public"], ANY),
        ("wp.getPost", "draft", ["1", ME, "draft"], DRAFTS),
        ("wp.getPosts", "", ["1", ME], ANY),
        ("wp.getCategories", "", ["1", ME], ANY),
        ("wp.newCategory", "", ["1", ME, {"name": "A"}], DRAFTS),
        ("wp.getTags", "", ["1", ME], ANY),
        ("wp.getTerms", "", ["1", ME, "category"], ANY),
        ("wp.getAuthors", "", ["1", ME], ANY),
        ("wp.getOptions", "", ["1", ME], ANY),
        ("wp.getPostFormats", "", ["1", ME], ANY),
        ("wp.getPageList", "", ["1", ME], ANY),
        ("wp.uploadFile", "", ["1", ME, FILE], FILES),
        ("wp.getMediaLibrary", "", ["1", ME], FILES),
        ("wp.getComments", "", ["1", ME], {"update", "delete"}),
        ("wp.editComment", "", ["1", ME, "thought", {"status": "hold"}], {"update"}),
        ("wp.editComment", "trash", ["1", ME, "thought", {"status": "trash"}], set()),  # two: update and delete
        ("wp.deleteComment", "", ["1", ME, "thought"], {"delete"}),
    ]
]  # fmt: skip


@pytest.fixture
def ids(services: WebServices, publish: Publish, clock: Clock, web: Web) -> Ids:
    """A post that is public, a draft, one to come, and a thought, by name."""
    found = {
        "public": publish("Public"),
        "draft": publish("Draft", draft="true"),
        "to come": publish("To come", date=(clock() + timedelta(days=1)).isoformat()),
    }
    page = web.put("http://other.example/a", '<p>see <a href="http://blog.example/posts/public">this</a>.</p>')
    thought = services.receiver.receive(page, "http://blog.example/posts/public", "192.0.2.1").thought
    return {name: str(post.id) for name, post in found.items()} | {"thought": str(thought.id)}


def test_no_method_is_left_out() -> None:
    assert {name.partition(" ")[0] for _, name, _ in CALLS} == set(METHODS)


@pytest.mark.one_database
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_alone_allows_what_it_says(make_app: MakeApp, ids: Ids, scope: str) -> None:
    app, wrong = make_app(scope), []
    deletions_last = sorted(CALLS, key=lambda call: "delete" in call[1])

    for deed, name, scopes in deletions_last:
        allowed = "401" not in _outcome(deed, app, ids)
        if allowed != (scope in scopes):
            wrong.append(name)

    assert wrong == []


def _outcome(deed: Call, app: App, ids: Ids) -> str:
    try:
        deed(app, ids)
    except Fault as fault:
        return str(fault.faultCode)
    return "done"


@pytest.mark.one_database
@pytest.mark.parametrize("scope", SCOPES)
def test_what_readers_do_not_see_is_left_out_of_lists_without_a_scope_for_it(
    make_app: MakeApp, ids: Ids, scope: str
) -> None:
    app = make_app(scope)
    lists = [
        [post["postid"] for post in app("metaWeblog.getRecentPosts", "1", ME)],
        [post["postid"] for post in app("blogger.getRecentPosts", "", "1", ME, 9)],
        [post["postid"] for post in app("mt.getRecentPostTitles", "1", ME, 9)],
        [post["post_id"] for post in app("wp.getPosts", "1", ME)],
    ]
    hidden = {status: app("wp.getPosts", "1", ME, {"post_status": status}) for status in ("draft", "future")}

    expected = {ids["public"], ids["draft"], ids["to come"]} if scope in DRAFTS else {ids["public"]}
    assert [set(one) for one in lists] == [expected] * 4
    assert {status: len(found) for status, found in hidden.items()} == dict.fromkeys(
        ("draft", "future"), int(scope in DRAFTS)
    )
