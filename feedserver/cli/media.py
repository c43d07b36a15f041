"""`feedserver media …`: add, list and remove pictures and files."""

from argparse import Namespace
from pathlib import Path
from urllib.parse import unquote

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, remark, verb
from feedserver.errors import MediaError
from feedserver.media import store
from feedserver.media.markup import markdown
from feedserver.text import one_line
from feedserver.urls import nfc


def add_commands(commands: Commands) -> None:
    group = noun(commands, "media", "add, list and remove pictures and files")
    add = verb(group, "add", _add, "add pictures and files; prints the address of each, and a line for a document")
    add.add_argument("files", metavar="FILE", nargs="+", type=Path)
    add.add_argument("--alt", metavar="TEXT", default="", help="what a picture shows, for those who do not see it")
    listing(group, "list", _list, "list all pictures and files, newest first")
    remove = verb(group, "remove", _remove, "remove a picture or file; its address answers 404")
    remove.add_argument("name", metavar="NAME", help="as in `media list`; HASH/NAME where several have one name")
    remove.add_argument("--force", action="store_true", help="also one that a post or page shows")


def _add(chosen: Namespace) -> int:
    """Adds each file. Of several, one that is refused stops none of the others."""
    services = open_site()
    refused, alt = 0, one_line(chosen.alt)
    for file in chosen.files:
        try:
            added = services.library.add(file, file.name or str(file), alt)
            if alt not in ("", added.alt):
                added = services.library.describe(added, alt)
        except (MediaError, OSError) as error:
            if len(chosen.files) == 1 or isinstance(error, BrokenPipeError):
                raise
            remark(f"{file}: {error.strerror}" if isinstance(error, OSError) else str(error))
            refused = 1
            continue
        print(services.urls.media(added.hash, added.name))
        print(markdown(added))
        if added.is_picture and not added.alt:
            remark(f"{added.name} has no alternative text: say what it shows with --alt, or between the brackets")
    return refused


def _list(chosen: Namespace) -> None:
    services = open_site()
    with services.database.read() as connection:
        found = store.everything(connection)
    rows = (
        {
            "name": one.name,
            "url": services.urls.media(one.hash, one.name),
            "type": one.type,
            "size": one.size,
            "width": one.width,
            "height": one.height,
            "alt": one.alt or None,
            "added_at": one.added_at,
        }
        for one in found
    )
    columns = ("added_at", "name", "type", "size", "width", "height", "alt")
    print_list(rows, as_json=chosen.json, columns=columns, zone=services.settings.site.zone, roomy=("name",))


def _remove(chosen: Namespace) -> None:
    services = open_site()
    name = nfc(unquote(chosen.name))  # as it may stand in a URL, or come from a system that stores names in NFD
    _, hash_, stored = services.library.remove(name, force=chosen.force).split("/")
    print(f"removed {services.urls.media(hash_, stored)}")
