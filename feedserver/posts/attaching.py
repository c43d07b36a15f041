"""The files beside a document that it names: pictures, enclosures, links to files.

A picture, a film or an enclosure must be there, or the document is refused. A link may mean a file that is there; else
it is an address of the site, as `[before](other-post)` (docs/interface.md, “Pictures and files”).
"""

import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from feedserver.errors import InvalidDocument
from feedserver.media import markup
from feedserver.media.references import leads_out, may_be_linked, name_beside
from feedserver.posts.model import DraftText
from feedserver.posts.rendering import html_as_written
from feedserver.text import one_line, shorten
from feedserver.urls import nfc

_MOST: Final = 1000  # files that one document names


class NamedFile(NamedTuple):
    """A name that may be that of a file beside the document; the field that has it, and whether the file is needed."""

    name: str
    field: str
    is_needed: bool


class Named(NamedTuple):
    """What a document names: files that may be beside it; all addresses of what it shows or encloses; names of
    pictures without an alternative text."""

    files: tuple[NamedFile, ...]
    shown: tuple[str, ...]
    undescribed: tuple[str, ...]

    @property
    def outside(self) -> list[str]:
        """The addresses that lead out of the document's folder: such files are not taken."""
        return [address for address in self.shown if leads_out(address)]


def named_in(document: DraftText) -> Named:
    """Reads a document for what it names. Raises InvalidDocument as rendering does."""
    html = html_as_written(document.body, document.lang or "", document.format, document.photos)
    found = [("body", address, use == "shown") for address, use in markup.addresses(html)]
    found += [("enclosures", file.url, True) for file in document.enclosures]
    files = (
        NamedFile(name, field, is_needed)
        for field, address, is_needed in found
        if (name := name_beside(address)) is not None and (is_needed or may_be_linked(name))
    )
    shown = (address for _, address, is_needed in found if is_needed)
    undescribed = (name for address in markup.without_alt(html) if (name := name_beside(address)))
    return Named(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(shown)), tuple(dict.fromkeys(undescribed)))


def files_beside(named: Named, folder: Path | None, known: Collection[str] = ()) -> dict[str, Path]:
    """The files that a document names, by `media.references.name_beside`, in its order.

    `folder` is the document's; None for one from standard input, which has none. What is not there may be `known`: the
    post that is edited has it already. Raises InvalidDocument, which names the file, for one that is missing.
    """
    found: dict[str, Path] = {}
    for name, field, is_needed in named.files:
        path = _inside(folder, name) if folder is not None and name not in found else None
        if path is not None:
            found[name] = path
        elif is_needed and name not in found and name not in known:
            raise InvalidDocument(field, _missing(name, folder))
    if len(found) > _MOST:
        raise InvalidDocument("body", f"names over {_MOST} files")
    return found


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
