"""Tags as categories and as tags: the methods of MetaWeblog, Movable Type and WordPress that list and make them."""

from feedserver.authoring import categories
from feedserver.authoring.categories import Category
from feedserver.authoring.writing import require_scope
from feedserver.authoring.xmlrpc_apps import structs
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.values import Members, WrongArguments, text
from feedserver.feeds.scopes import TAG, FeedAddress
from feedserver.posts import field_values
from feedserver.xmlrpc import Value


def _all(call: AppCall) -> list[Category]:
    return call.weblog.database.transact(lambda connection: categories.listed(connection, call.now))


def in_metaweblog(call: AppCall) -> Value:
    urls = call.weblog.urls
    return [
        {
            "categoryId": one.id,
            "parentId": 0,
            "description": one.name,
            "categoryDescription": "",
            "categoryName": one.name,
            "htmlUrl": urls.tag(one.name),
            "rssUrl": FeedAddress(TAG, "rss", one.name).url(urls),
        }
        for one in _all(call)
    ]


def in_movable_type(call: AppCall) -> Value:
    return [{"categoryId": one.id, "categoryName": one.name} for one in _all(call)]


def tags(call: AppCall) -> Value:
    urls = call.weblog.urls
    return [
        {
            "tag_id": one.id,
            "name": one.name,
            "count": one.posts,
            "slug": one.name,
            "html_url": urls.tag(one.name),
            "rss_url": FeedAddress(TAG, "rss", one.name).url(urls),
        }
        for one in _all(call)
    ]


def terms(call: AppCall) -> Value:
    """`wp.getTerms`, of the kind in the fourth parameter: both kinds are tags here, which apps list as categories."""
    taxonomy = text(call.param(3)) or "category"
    return [structs.term(one, taxonomy) for one in _all(call)] if taxonomy in ("category", "post_tag") else []


def new(call: AppCall) -> Value:
    """`wp.newCategory`: the number of a tag, which posts may have from now on. Raises InvalidDocument if none may."""
    require_scope(call.app, "create", "draft", "update")
    names = field_values.names({"tags": [Members(call.param(3)).text("name")]}, "tags")
    if not names:
        raise WrongArguments("The category name is missing.")
    return call.weblog.database.transact(lambda connection: categories.added(connection, names[0], call.now))
