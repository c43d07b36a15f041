"""All pages of the desk: each module adds its own to the blueprint of the frame when it is imported."""

from typing import Final

from feedserver.desk import (
    account,
    authorize,
    editor,
    frame,
    history,
    inbox,
    media,
    moderating,
    post_outcome,
    posts,
    readers,
    sign_in,
    site,
)

BLUEPRINTS: Final = (frame.blueprint, frame.files)
MODULES: Final = (
    *(account, authorize, editor, history, inbox, media, moderating, post_outcome, posts, readers, sign_in, site),
)
