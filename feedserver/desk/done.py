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
}
