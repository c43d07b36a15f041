"""The form of the editor: what was sent with it, and what that changes in a post (`post_form`)."""

from dataclasses import dataclass, replace

from flask import request

from feedserver.desk import post_form, uploads
from feedserver.desk.post_form import Changes, Texts
from feedserver.posts.model import Post
from feedserver.services import services


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: its texts, the button, the revision that was shown, and the secret of a new-post form."""

    texts: Texts
    deed: str
    revision: int | None
    submission: str


def sent_now() -> Sent:
    """The form of the present request."""
    form = request.form
    deed = form.get("do", "")
    return Sent(post_form.typed(form), deed, revision_number(form.get("revision", "")), form.get("submission", ""))


def revision_number(text: str) -> int | None:
    """The number in a field `revision`; None if it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def with_files(sent: Sent) -> Sent:
    """The form with lines in its text for the files that were chosen beside it. Raises MediaError."""
    if not (files := uploads.added(request.form.get("alt", ""))):
        return sent
    return replace(sent, texts={**sent.texts, "body": uploads.with_lines(sent.texts.get("body", ""), files)})


def shown(post: Post) -> dict[str, str]:
    """The texts of a post's fields, as the editor shows them."""
    parts = services()
    document = parts.publisher.read_unnamed(post.source.encode())
    return post_form.shown(document, post.slug, parts.settings.site.zone)


def changed_by(sent: Sent, before: Texts) -> Changes:
    """What a form changes where `before` was shown. Raises InvalidDocument."""
    return post_form.changes(sent.texts, before, services().settings.site.zone)
