"""The form of the editor: what was sent with it, and what that changes in a post (`post_form`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request

from feedserver.desk import post_form, uploads
from feedserver.desk.post_form import Changes, Texts
from feedserver.errors import AlreadyRenamed
from feedserver.posts.model import Format, Post
from feedserver.services import services


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: its texts, the button, the revision and the slug that it was filled from, and the secret of
    a new-post form. `shown_slug` is None where the form has no such field."""

    texts: Texts
    deed: str
    revision: int | None
    submission: str
    shown_slug: str | None


def sent_now() -> Sent:
    """The form of the present request."""
    return read(request.form)


def read(form: Mapping[str, str]) -> Sent:
    """The form with these fields."""
    return Sent(
        post_form.typed(form),
        form.get("do", ""),
        _revision_number(form.get("revision", "")),
        form.get("submission", ""),
        form.get("shown_slug"),
    )


def _revision_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def on_present_slug(sent: Sent, present: Post) -> Sent:
    """The form with the slug that the post has now, where nobody has typed another one than was shown: it was renamed
    in another tab."""
    if sent.shown_slug is None or sent.texts.get("slug") != sent.shown_slug:
        return sent
    return replace(sent, texts={**sent.texts, "slug": present.slug}, shown_slug=present.slug)


def require_slug_as_shown(sent: Sent, present: Post) -> None:
    """Raises AlreadyRenamed if a slug was typed in place of one that the post has no more."""
    slug = sent.texts.get("slug")
    if slug and slug != present.slug and sent.shown_slug not in (None, present.slug):
        raise AlreadyRenamed(present.slug, slug)


def with_files(sent: Sent, format_: Format) -> Sent:
    """The form with lines in its text, of this format, for the files that were chosen beside it. Raises MediaError."""
    if not (files := uploads.added(sent.texts.get("alt", ""))):
        return sent
    body = uploads.with_lines(sent.texts.get("body", ""), files, format_)
    return replace(sent, texts={**sent.texts, "body": body, "alt": ""})


def shown(post: Post) -> dict[str, str]:
    """The texts of a post's fields, as the editor shows them; of an erased one, which has none, the slug alone."""
    if post.is_erased:
        return {**post_form.EMPTY, "slug": post.slug}
    parts = services()
    document = parts.publisher.read_unnamed(post.source.encode())
    return post_form.shown(document, post.slug, parts.settings.site.zone)


def changed_by(sent: Sent, before: Texts) -> Changes:
    """What a form changes where `before` was shown. Raises InvalidDocument."""
    return post_form.changes(sent.texts, before, services().settings.site.zone)
