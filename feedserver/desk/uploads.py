"""Pictures and files that come with a form: into the library, and as a line into a text."""

from pathlib import PurePath

from flask import request

from feedserver import private_files
from feedserver.media.markup import markdown
from feedserver.media.model import Media
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


def with_lines(text: str, files: list[Media]) -> str:
    """A text with the lines by which documents show these files at its end."""
    lines = "\n\n".join(markdown(one) for one in files)
    return f"{text.rstrip()}\n\n{lines}\n".lstrip("\n") if files else text
