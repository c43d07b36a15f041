"""Names of the files of an export: which are taken, which are passed over, which are refused. Pure."""

import re
import unicodedata
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.text import strangers_line

_LONGEST: Final = 1000  # characters
_DEEPEST: Final = 50  # folders
_DRIVE = re.compile("[A-Za-z]:")


def checked(name: str) -> str:
    """An archive member's name as segments between slashes. Raises ImportRefused for one that leads elsewhere."""
    require_readable(name)
    segments = [segment for segment in name.replace("\\", "/").split("/") if segment not in ("", ".")]
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in segments or not segments:
        raise ImportRefused(f"it holds a file whose name leads out of it: “{shown(name)}”")
    return "/".join(segments)


def require_readable(name: str) -> None:
    """Raises ImportRefused for a path of a length or of characters that no honest file has."""
    if len(name) > _LONGEST or name.count("/") > _DEEPEST:
        raise ImportRefused(f"it holds a file with too long a name: “{shown(name[:60])}…”")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise ImportRefused(f"it holds a file with control characters or broken text in its name: “{shown(name)}”")


def is_passed_over(name: str) -> bool:
    """Whether a file belongs to another program: those of version control, of editors, of an operating system.

    The settings of Obsidian do not: they tell what the folder is.
    """
    *folders, file = name.split("/")
    if file.startswith("._") or file == ".DS_Store":
        return True
    return any((folder.startswith(".") and folder != ".obsidian") or folder == "__MACOSX" for folder in folders)


def shown(name: str) -> str:
    """A name for one line of a message."""
    return strangers_line(ascii(name)[1:-1] if not name.isprintable() else name, 200)
