"""What an app says of a post, in each of the vocabularies. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, Literal

from feedserver.authoring.writing import NotPublic
from feedserver.authoring.xmlrpc_apps.values import Members, WrongArguments, flag, texts
from feedserver.posts.model import Enclosure

Wish = Literal["draft", "public"]

_TITLE: Final = re.compile(r"\s*<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_CATEGORIES: Final = re.compile(r"\s*<category>(.*?)</category>", re.DOTALL | re.IGNORECASE)
_FOLD: Final = re.compile(r"<!--\s*more\b[^>]{0,200}-->(?:(?:[ \t]*\n)+|[ \t]*)")
_NEW_FOLD: Final = "\n\n<!--more-->\n\n"
_STATUSES: Final[dict[str, Wish]] = {
    **dict.fromkeys(("publish", "published", "future"), "public"),
    **dict.fromkeys(("draft", "auto-draft", "pending"), "draft"),
}
_CLOSED: Final = ("0", "2", "closed", "none", "false")  # Movable Type has 0 for none, 1 for open, 2 for closed


@dataclass(frozen=True, slots=True)
class PostChanges:
    """What is to become of a post. None is not said, and changes nothing.

    `whole` is the text with its fold, if it has one; else `text` is the part before the fold, `more` the one after it.
    `categories` take the place of the tags, those with `category_ids` among them; `keywords` come beside. `slug` is as
    an app spells it, `date` in UTC. `convert_breaks` names the format of the text.
    """

    title: str | None = None
    whole: str | None = None
    text: str | None = None
    more: str | None = None
    summary: str | None = None
    categories: tuple[str, ...] | None = None
    category_ids: tuple[int, ...] = ()
    keywords: tuple[str, ...] = ()
    slug: str | None = None
    date: datetime | None = None
    wish: Wish | None = None
    comments_open: bool | None = None
    pings_open: bool | None = None
    enclosure: Enclosure | None = None
    convert_breaks: str = ""

    @property
    def is_html(self) -> bool:
        """Whether the text of a new post is HTML, and kept as that."""
        if self.convert_breaks.startswith("markdown"):
            return False
        beginning, *_ = split_at_fold(self.whole or self.text or "")
        return self.convert_breaks == "0" or beginning.lstrip().startswith("<")

    def text_after(self, present: str) -> str:
        """The whole text after a change. The part that is not said stays, and so does the fold as it is written."""
        if self.whole is not None:
            return self.whole
        before, fold, after = split_at_fold(present)
        text = before if self.text is None else self.text
        if self.more is None or self.more == after:
            return text + fold + after
        return text + (fold or _NEW_FOLD) + self.more if self.more.strip() else text


def of_metaweblog(struct: Any, publish: Any, zone: tzinfo) -> PostChanges:
    """The struct of `metaWeblog.newPost` and `editPost`, with the members of Movable Type and WordPress."""
    members = Members(struct)
    _check_kind(members, "wp_password")
    text, more = members.text("description"), members.text("mt_text_more")
    return PostChanges(
        title=members.text("title"),
        whole=text if text and _FOLD.search(text) and not more else None,
        text=text,
        more=more,
        summary=members.text("mt_excerpt"),
        categories=members.texts("categories"),
        keywords=(members.texts("mt_keywords") or ()) + (members.texts("mt_tags") or ()),
        slug=members.text("wp_slug", "mt_basename"),
        date=members.date("dateCreated", "date_created_gmt", zone),
        wish=_wish(members.text("post_status"), publish),
        comments_open=_openness(members.text("mt_allow_comments")),
        pings_open=_openness(members.text("mt_allow_pings")),
        enclosure=_enclosure(members),
        convert_breaks=members.text("mt_convert_breaks") or "",
    )


def of_wordpress(struct: Any, zone: tzinfo) -> PostChanges:
    """The struct of `wp.newPost` and `wp.editPost`. Both kinds of terms are tags here."""
    members = Members(struct)
    _check_kind(members, "post_password")
    ids, names = members.struct("terms"), members.struct("terms_names")
    has_categories = "category" in ids or "category" in names
    return PostChanges(
        title=members.text("post_title"),
        whole=members.text("post_content"),
        summary=members.text("post_excerpt"),
        categories=(names.texts("category") or ()) if has_categories else None,
        category_ids=ids.numbers("category") + ids.numbers("post_tag"),
        keywords=names.texts("post_tag") or (),
        slug=members.text("post_name"),
        date=members.date("post_date", "post_date_gmt", zone),
        wish=_wish(members.text("post_status"), None),
        comments_open=_openness(members.text("comment_status")),
        pings_open=_openness(members.text("ping_status")),
        enclosure=_enclosure(members),
        convert_breaks=members.text("mt_convert_breaks") or "",
    )


def of_blogger(content: str, publish: Any) -> PostChanges:
    """The text of `blogger.newPost` and `editPost`, whose title and tags stand in elements at its start.

    The categories are names, and numbers of tags as text.
    """
    title = categories = None
    if found := _TITLE.match(content):
        title, content = found[1], content[found.end() :]
    if found := _CATEGORIES.match(content):
        categories, content = texts(found[1]), content[found.end() :]
    return PostChanges(title=title, whole=content, categories=categories, wish=_wish(None, publish))


def in_blogger(title: str, categories: Iterable[str], text: str) -> str:
    """The text that Blogger's methods give back. `categories` are written as `of_blogger` reads them."""
    return f"<title>{title}</title><category>{','.join(categories)}</category>{text}"


def split_at_fold(text: str) -> tuple[str, str, str]:
    """The part of a text before WordPress's fold, the fold with the blanks around it, and the part after it.

    Without one, they are the text, "" and "".
    """
    if (fold := _FOLD.search(text)) is None:
        return text, "", ""
    before = text[: fold.start()].rstrip(" \t\n")
    return before, text[len(before) : fold.end()], text[fold.end() :]


def _check_kind(members: Members, password: str) -> None:
    """Raises NotPublic for a post that only some are to read, WrongArguments for another kind of text."""
    if members.text(password):
        raise NotPublic
    if (members.text("post_type") or "post") != "post":
        raise WrongArguments("Invalid post type.")


def _wish(status: str | None, publish: Any) -> Wish | None:
    """What is asked; where `publish` and the status differ, what withholds."""
    if status == "private":
        raise NotPublic
    if status and status not in _STATUSES:
        raise WrongArguments(f"There is no post status “{status[:40]}”.")
    wishes = {_STATUSES[status]} if status else set()
    if publish is not None:
        wishes.add("public" if flag(publish) else "draft")
    return "draft" if "draft" in wishes else next(iter(wishes), None)


def _openness(said: str | None) -> bool | None:
    """Whether a post is open to comments or pings; None where nothing is said of it."""
    return None if not said else said.strip().lower() not in _CLOSED


def _enclosure(members: Members) -> Enclosure | None:
    said = members.struct("enclosure")
    url = (said.text("url") or "").strip()
    return Enclosure(url, (said.text("type") or "").strip(), said.number("length", 0)) if url else None
