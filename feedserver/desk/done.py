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
}
