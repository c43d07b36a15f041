"""Pictures and files that come with a form: into the library, and as a line into a text."""

from pathlib import PurePath

from flask import request

from feedserver import private_files
from feedserver.media.markup import as_html, markdown
from feedserver.media.model import Media
from feedserver.posts.model import Format
from feedserver.services import services
from feedserver.text import one_line
from feedserver.workplace import workplace


def added(alt: str) -> list[Media]:
    """Adds the files that were sent with the present form. Raises MediaError.

    `alt` is the alternative text of each that has none yet.
    """
    library, found = services().library, []
    private_files.make_missing(library.workplace)
    for file in request.files.getlist("file"):
        if not file.filename:
            continue
        name = PurePath(file.filename).name or "file"
        with workplace(library.workplace) as place:
            file.save(place / "file")
            found.append(library.add(place / "file", name, one_line(alt)))
    return found


def lines(media: Media) -> dict[Format, str]:
    """The line by which a document shows a file, for each format that its text may have."""
    return {"markdown": markdown(media), "html": as_html(media)}


def with_lines(text: str, files: list[Media], format_: Format) -> str:
    """A text of this format with the lines by which documents show these files at its end."""
    added_lines = "\n\n".join(lines(one)[format_] for one in files)
    return f"{text.rstrip()}\n\n{added_lines}\n".lstrip("\n") if files else text
