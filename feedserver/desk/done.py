"""What a page tells after a form was sent and the browser led on: `?done=WORD` shows the sentence of that word.

Words alone are in addresses: nobody can put a sentence of his own into a page.
"""

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, str]] = {
    "signed-out": "You are signed out.",
    "password": "The new password is set. All other sessions have ended.",
    "second-factor-off": "The second factor is off.",
    "session-ended": "The session has ended.",
    "sessions-ended": "All other sessions have ended.",
    "app-ended": "The app can write no more.",
    "approved": "Approved: readers can see it.",
    "spam": "Marked as spam.",
    "hidden": "Hidden from readers.",
    "thoughts-deleted": "Deleted.",
    "blocked": "Blocked: nothing from there is taken any more.",
    "trusted": "Trusted: what comes from there is shown at once.",
    "undone": "Taken back.",
    "told-again": "All pages that it links to are told again.",
    "tried-again": "It is tried again now.",
    "mails-on": "Mails are on.",
    "mails-off": "Mails are off.",
    "saved": "Saved as a draft.",
    "published": "Published.",
    "scheduled": "Scheduled.",
    "updated": "Updated.",
    "withdrawn": "Withdrawn: it is a draft again, and its address answers 410.",
    "renamed": "Renamed. The old address leads to the new one.",
    "deleted": "Deleted. It lies in the bin for 30 days.",
    "restored": "Restored.",
    "revision-restored": "The earlier text is restored, as a new revision.",
    "previews-ended": "All addresses of previews have ended.",
    "file-added": "Added.",
    "file-described": "The description is saved, for texts that are saved from now on.",
    "file-removed": "Removed.",
}
