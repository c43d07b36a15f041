"""The methods of the door by their names, as apps call them."""

from collections.abc import Callable
from typing import Final

from feedserver.authoring.xmlrpc_apps import (
    comment_methods,
    media_methods,
    post_methods,
    term_methods,
    weblog_methods,
    wordpress_methods,
)
from feedserver.authoring.xmlrpc_apps.calls import Method
from feedserver.xmlrpc import Value

# With the number of parameters that each needs, and the place of the account's name among them.
METHODS: Final[dict[str, Method]] = {
    "blogger.getUsersBlogs": Method(weblog_methods.users_blogs, 3, 1),
    "blogger.getUserInfo": Method(weblog_methods.user_info, 3, 1),
    "blogger.newPost": Method(post_methods.blogger_new, 5, 2),
    "blogger.editPost": Method(post_methods.blogger_edit, 5, 2),
    "blogger.deletePost": Method(post_methods.delete, 4, 2),
    "blogger.getRecentPosts": Method(post_methods.blogger_newest, 4, 2),
    "blogger.getPost": Method(post_methods.blogger_post, 4, 2),
    "metaWeblog.getUsersBlogs": Method(weblog_methods.users_blogs, 3, 1),
    "metaWeblog.newPost": Method(post_methods.new, 4, 1),
    "metaWeblog.editPost": Method(post_methods.edit, 4, 1),
    "metaWeblog.deletePost": Method(post_methods.delete, 4, 2),
    "metaWeblog.getPost": Method(post_methods.post, 3, 1),
    "metaWeblog.getRecentPosts": Method(post_methods.recent_posts, 3, 1),
    "metaWeblog.getCategories": Method(term_methods.in_metaweblog, 3, 1),
    "metaWeblog.newMediaObject": Method(media_methods.new, 4, 1),
    "mt.getCategoryList": Method(term_methods.in_movable_type, 3, 1),
    "mt.getPostCategories": Method(post_methods.post_categories, 3, 1),
    "mt.setPostCategories": Method(post_methods.set_post_categories, 4, 1),
    "mt.publishPost": Method(post_methods.publish, 3, 1),
    "mt.getRecentPostTitles": Method(post_methods.titles, 3, 1),
    "wp.getUsersBlogs": Method(weblog_methods.users_blogs, 2, 0),
    "wp.newPost": Method(wordpress_methods.new, 4, 1),
    "wp.editPost": Method(wordpress_methods.edit, 5, 1),
    "wp.deletePost": Method(wordpress_methods.delete, 4, 1),
    "wp.getPost": Method(wordpress_methods.post, 4, 1),
    "wp.getPosts": Method(wordpress_methods.posts, 3, 1),
    "wp.getCategories": Method(term_methods.in_metaweblog, 3, 1),
    "wp.newCategory": Method(term_methods.new, 4, 1),
    "wp.getTags": Method(term_methods.tags, 3, 1),
    "wp.getTerms": Method(term_methods.terms, 3, 1),
    "wp.getAuthors": Method(weblog_methods.authors, 3, 1),
    "wp.getOptions": Method(weblog_methods.options, 3, 1),
    "wp.getPostFormats": Method(weblog_methods.post_formats, 3, 1),
    "wp.getPageList": Method(weblog_methods.page_list, 3, 1),
    "wp.uploadFile": Method(media_methods.new, 4, 1),
    "wp.getMediaLibrary": Method(media_methods.listed, 3, 1),
    "wp.getComments": Method(comment_methods.listed, 3, 1),
    "wp.editComment": Method(comment_methods.edit, 5, 1),
    "wp.deleteComment": Method(comment_methods.delete, 4, 1),
}


def _names() -> Value:
    return [*METHODS, *OPEN]


OPEN: Final[dict[str, Callable[[], Value]]] = {  # to anybody
    "mt.getTrackbackPings": list,  # there are none
    "mt.supportedMethods": _names,
    "mt.supportedTextFilters": weblog_methods.text_filters,
    "system.listMethods": _names,
}
