"""A post as readers would see it, of the text in the editor, which nobody has saved."""

from flask import Response

from feedserver.desk import frame
from feedserver.desk.editor_form import Sent, changed_by, shown
from feedserver.desk.editor_pages import status_of
from feedserver.desk.post_form import EMPTY
from feedserver.errors import PostError
from feedserver.pages import previews
from feedserver.posts import unsaved
from feedserver.posts.amending import amended, composed
from feedserver.posts.model import Post
from feedserver.services import services


def shown_unsaved(sent: Sent, present: Post | None) -> Response:
    """The post as readers would see it, unsaved, in a page that cannot act for the author; or what is wrong with it."""
    try:
        return _unsaved(sent, present)
    except PostError as error:
        page = frame.render_desk("desk/no_preview.html", problem=str(error))
        return previews.sandboxed(page.get_data(as_text=True), status_of(error))


def _unsaved(sent: Sent, present: Post | None) -> Response:
    parts = services()
    publisher, now = parts.publisher, parts.clock()
    changes = changed_by(sent, shown(present) if present else EMPTY)
    if present:
        source = amended(present.source, changes.fields, changes.body)
    else:
        source = composed({**changes.fields, "slug": changes.slug}, changes.body or "")
    files = publisher.files_of(present.slug) if present else {}
    made = publisher.render(publisher.read_unnamed(source.encode()), files)
    post = unsaved.as_post(made.document, made.rendered, made.lang, now, present)
    with parts.database.read() as connection:
        return previews.shown(connection, post)
