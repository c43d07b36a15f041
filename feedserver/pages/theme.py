"""The look that `site.theme` gives the pages: templates in place of ours, a stylesheet after ours, an icon.

All of it is read when a server starts or is reloaded: what readers see is always whole, whoever copies files meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from feedserver.errors import SettingsError
from feedserver.pages.theme_templates import faults_of

STYLE: Final = "style.css"
NOT_THEMED: Final = ("desk/", "notices/")  # the author's own pages
_ICON: Final = "icon"
_ICON_TYPES: Final = {
    ".ico": "image/vnd.microsoft.icon",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture, and its media type."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Theme:
    """`templates` holds texts by names such as `post.html`. Without a theme all is empty."""

    templates: Mapping[str, str] = field(default_factory=dict)
    style: bytes | None = None
    icon: Icon | None = None


def read(folder: str) -> Theme:
    """Reads and checks a theme; "" is none. Raises SettingsError with a line for each fault."""
    if not folder:
        return Theme()
    path = Path(folder)
    try:
        style = path / STYLE
        theme = Theme(_templates(path), style.read_bytes() if style.exists() else None, _icon(path))
    except OSError as error:
        raise SettingsError([f"site.theme: {error.filename} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"site.theme: a template of {path} is not UTF-8"]) from None
    faults = [
        f"site.theme: {name} would change the author's own pages, which have no theme; take it out"
        for name in theme.templates
        if name.startswith(NOT_THEMED)
    ]
    faults += [f"site.theme: {fault}" for fault in faults_of(theme.templates)]
    if faults:
        raise SettingsError(faults)
    return theme


def _templates(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise NotADirectoryError(None, "it is no folder", str(folder))
    found = sorted(folder.rglob("*.html"))
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def _icon(folder: Path) -> Icon | None:
    found = sorted(path for path in folder.iterdir() if path.stem == _ICON and path.is_file())
    if not found:
        return None
    if len(found) > 1:
        raise SettingsError([f"site.theme: {', '.join(path.name for path in found)} are several icons; keep one"])
    media_type = _ICON_TYPES.get(found[0].suffix.lower())
    if media_type is None:
        known = ", ".join(_ICON_TYPES)
        raise SettingsError([f"site.theme: {found[0].name} is no icon that browsers know; it may be {known}"])
    return Icon(found[0].read_bytes(), media_type)
