"""Posts as apps read them: the structs of Blogger, MetaWeblog and WordPress, with the members that clients look for.

Ids are texts, all dates are UTC, and names are plain text. Nothing is escaped twice, and no value is missing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from feedserver.authoring.categories import Category
from feedserver.authoring.xmlrpc_apps.changes import in_blogger, split_at_fold
from feedserver.posts.document import body_of, format_of
from feedserver.posts.model import Post
from feedserver.settings import SiteSettings
from feedserver.text import caseless
from feedserver.urls import Urls
from feedserver.xmlrpc import Value

USER_ID: Final = "1"  # each account is the one author of the one weblog that it sees
BLOG_ID: Final = "1"
MARKDOWN: Final = "markdown"  # the name of the text filter

Struct = dict[str, Value]


def metaweblog(post: Post, urls: Urls, settings: SiteSettings) -> Struct:
    """The struct of `metaWeblog.getPost`. All tags are categories: keywords beside them would come back for good."""
    text, _, more = split_at_fold(body_of(post.source))
    permalink = urls.post(post.slug)
    struct: Struct = {
        "dateCreated": post.published_at,
        "userid": USER_ID,
        "postid": str(post.id),
        "description": text,
        "title": post.title,
        "link": permalink,
        "permaLink": permalink,
        "categories": list(post.tags),
        "mt_excerpt": post.summary or "",
        "mt_text_more": more,
        "wp_more_text": "",
        "mt_allow_comments": int(post.comments_open),
        "mt_allow_pings": int(post.pings_open),
        "mt_keywords": "",
        "mt_convert_breaks": "0" if format_of(post.source) == "html" else MARKDOWN,
        "wp_slug": post.slug,
        "wp_password": "",
        "wp_author_id": USER_ID,
        "wp_author_display_name": _author(post, settings),
        "date_created_gmt": post.published_at,
        "post_status": "draft" if post.state == "draft" else "publish",  # with a date to come it is scheduled
        "custom_fields": [],
        "wp_post_format": "standard",
        "date_modified": post.updated_at,
        "date_modified_gmt": post.updated_at,
        "sticky": False,
        "wp_post_thumbnail": 0,
    }
    return struct | _enclosure(post)


def wordpress(post: Post, urls: Urls, terms: Iterable[Category], now: datetime) -> Struct:
    """The struct of `wp.getPost`. `terms` are all that there are."""
    by_name = {caseless(term.name): term for term in terms}
    status = {"published": "publish", "scheduled": "future"}.get(post.status(now), "draft")
    return {
        "post_id": str(post.id),
        "post_title": post.title,
        "post_date": post.published_at,
        "post_date_gmt": post.published_at,
        "post_modified": post.updated_at,
        "post_modified_gmt": post.updated_at,
        "post_status": status,
        "post_type": "post",
        "post_name": post.slug,
        "post_author": USER_ID,
        "post_password": "",
        "post_excerpt": post.summary or "",
        "post_content": body_of(post.source),
        "post_parent": "0",
        "post_mime_type": "",
        "link": urls.post(post.slug),
        "guid": post.guid,
        "menu_order": 0,
        "comment_status": "open" if post.comments_open else "closed",
        "ping_status": "open" if post.pings_open else "closed",
        "sticky": False,
        "post_thumbnail": [],
        "post_format": "standard",
        "terms": [term(by_name[caseless(tag)], "category") for tag in post.tags if caseless(tag) in by_name],
        "custom_fields": [],
        "enclosure": _enclosure(post).get("enclosure", []),
    }


def term(of: Category, taxonomy: str) -> Struct:
    """The struct of a term."""
    return {
        "term_id": str(of.id),
        "name": of.name,
        "slug": of.name,
        "term_group": "0",
        "term_taxonomy_id": str(of.id),
        "taxonomy": taxonomy,
        "description": "",
        "parent": "0",
        "count": of.posts,
        "filter": "raw",
    }


def blogger(post: Post, categories: Iterable[str]) -> Struct:
    """The struct of `blogger.getPost`. `categories` are the tags as they stand in its text."""
    return {
        "userid": USER_ID,
        "dateCreated": post.published_at,
        "content": in_blogger(post.title, categories, body_of(post.source)),
        "postid": str(post.id),
    }


def heading(post: Post) -> Struct:
    """The struct of `mt.getRecentPostTitles`."""
    return {
        "dateCreated": post.published_at,
        "userid": USER_ID,
        "postid": str(post.id),
        "title": post.title,
        "post_status": "draft" if post.state == "draft" else "publish",
        "date_created_gmt": post.published_at,
    }


def _author(post: Post, settings: SiteSettings) -> str:
    return post.authors[0] if post.authors else settings.author


def _enclosure(post: Post) -> Struct:
    if not post.enclosures:
        return {}
    first = post.enclosures[0]
    return {"enclosure": {"url": first.url, "length": first.length, "type": first.type}}
