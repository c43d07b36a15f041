"""The files beside a document that it names: pictures, enclosures, links to files.

A picture, a film or an enclosure must be there, or the document is refused. A link may mean a file that is there; else
it is an address of the site, as `[before](other-post)` (docs/interface.md, “Pictures and files”).
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from feedserver.errors import InvalidDocument
from feedserver.media import markup
from feedserver.media.markup import addresses
from feedserver.media.references import leads_out, may_be_linked, name_beside
from feedserver.posts.model import DraftText
from feedserver.posts.rendering import html_as_written
from feedserver.text import one_line, shorten
from feedserver.urls import nfc

_MOST: Final = 1000  # files that one document names


def files_beside(document: DraftText, folder: Path | None, known: Collection[str] = ()) -> dict[str, Path]:
    """The files that a document names, by `media.references.name_beside`, in its order.

    `folder` is the document's; None for one from standard input, which has none. What is not there may be `known`: the
    post that is edited has it already. Raises InvalidDocument, which names the file, for one that is missing.
    """
    found: dict[str, Path] = {}
    for name, is_needed, field in _named(document):
        path = _inside(folder, name) if folder is not None and name not in found else None
        if path is not None:
            found[name] = path
        elif is_needed and name not in found and name not in known:
            raise InvalidDocument(field, _missing(name, folder))
    if len(found) > _MOST:
        raise InvalidDocument("body", f"names over {_MOST} files")
    return found


def outside(document: DraftText) -> list[str]:
    """The addresses of pictures and enclosures that lead out of the document's folder: such files are not taken."""
    shown = [address for address, use in addresses(_html(document)) if use == "shown"]
    named = [*shown, *(file.url for file in document.enclosures)]
    return list(dict.fromkeys(address for address in named if leads_out(address)))


def without_alt(document: DraftText) -> list[str]:
    """The names of files beside the document that it shows without an alternative text."""
    return list(
        dict.fromkeys(name for address in markup.without_alt(_html(document)) if (name := name_beside(address)))
    )


def _named(document: DraftText) -> Iterator[tuple[str, bool, str]]:
    """Each name that may be that of a file, whether the file is needed, and the field that names it."""
    for address, use in addresses(_html(document)):
        name = name_beside(address)
        if name is not None and (use == "shown" or may_be_linked(name)):
            yield name, use == "shown", "body"
    for file in document.enclosures:
        if (name := name_beside(file.url)) is not None:
            yield name, True, "enclosures"


def _html(document: DraftText) -> str:
    return html_as_written(document.body, document.lang or "", document.format)


def _missing(name: str, folder: Path | None) -> str:
    shown = f"“{shorten(one_line(name), 80)}”"
    if folder is None:
        return f"names {shown}, and standard input has no folder that it could be in; give the document as a file"
    return f"names {shown}, which is no file beside the document"


def _inside(folder: Path, name: str) -> Path | None:
    """The regular file of this name in `folder` or below it; None without one, and where a link leads out of it."""
    try:
        path = _spelled(folder, name)
        real = Path(os.path.realpath(path, strict=True))
        is_inside = real.is_relative_to(os.path.realpath(folder))
        return path if is_inside and stat.S_ISREG(real.stat().st_mode) else None
    except (OSError, ValueError):  # not there, a loop of links, a name that no file can have
        return None


def _spelled(folder: Path, name: str) -> Path:
    """The path of `name`, which is in NFC; some systems store names in NFD."""
    path = folder
    for step in name.split("/"):
        following = path / step
        if not step.isascii() and not os.path.lexists(following):
            following = next((one for one in path.iterdir() if nfc(one.name) == step), following)
        path = following
    return path
