"""Posts that nobody has saved, for previews of what is being written. Pure."""

from datetime import datetime
from typing import Final

from feedserver.posts.model import DraftText, Post, Rendered

_NOWHERE: Final = "preview"  # the slug of one that has none yet


def as_post(document: DraftText, rendered: Rendered, lang: str, now: datetime, present: Post | None = None) -> Post:
    """The post that a document would be if it were saved now, over `present` if it is an edit.

    Its id is that of no stored post where there is none yet.
    """
    published_at = document.date or (present.published_at if present else now)
    return Post(
        id=present.id if present else 0,
        guid=present.guid if present else "",
        slug=(present.slug if present else document.slug) or _NOWHERE,
        title=document.title,
        source=document.source,
        html=rendered.html,
        feed_html=rendered.feed_html,
        excerpt=rendered.excerpt,
        summary=document.summary,
        image=rendered.image,
        lang=lang,
        state="draft",
        published_at=published_at,
        updated_at=max(published_at, now) if present else published_at,
        created_at=now,
        pings_open=document.pings_open,
        comments_open=document.comments_open,
        tags=document.tags,
        authors=document.authors,
        enclosures=document.enclosures,
        reply_to=document.reply_to,
        like_of=document.like_of,
        repost_of=document.repost_of,
        bookmark_of=document.bookmark_of,
        tells=document.tells,
        page=document.page,
        menu=document.menu,
    )
