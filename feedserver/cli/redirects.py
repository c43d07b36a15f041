"""`feedserver redirect …`: where old addresses lead."""

from argparse import Namespace
from urllib.parse import urlsplit

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, remark, verb
from feedserver.errors import RedirectNeedless
from feedserver.feeds.scopes import SCOPES
from feedserver.pages import old_feeds
from feedserver.redirects import adding, store
from feedserver.redirects.model import OWN_PARAMETERS, OldAddress, read_new, read_old
from feedserver.services import Services, WebServices
from feedserver.storage import revision


def add_commands(commands: Commands) -> None:
    group = noun(commands, "redirect", "where old addresses lead")
    listing(group, "list", _list, "list all redirects")
    add = verb(group, "add", _add, "lead an old address to a new one; prints the new one")
    add.add_argument("old", metavar="OLD", help="a path with its query, such as /2009/05/a-post or /?p=12, or a URL")
    add.add_argument("new", metavar="NEW", help="a path of this site, or an absolute URL elsewhere")
    removed = verb(group, "remove", _remove, "lead an old address nowhere any more")
    removed.add_argument("old", metavar="OLD")


def _list(chosen: Namespace) -> None:
    with open_site().database.read() as connection:
        rows = ({"old": one.old, "new": one.new} for one in store.everything(connection))
        print_list(rows, as_json=chosen.json, columns=("old", "new"), roomy=("old", "new"))


def _add(chosen: Namespace) -> None:
    services = open_site()
    urls = services.urls
    old, new = read_old(chosen.old, urls), read_new(chosen.new, urls)
    _require_room_for(services, old)
    with services.database.write() as connection:
        revision.revise(connection)
        added = adding.add(connection, urls, chosen.old, chosen.new)
    if new.key is not None and _status(services, added.new) >= 400:
        remark(f"there is nothing at {added.new} yet")
    print(urls.at(added.new) if added.new.startswith("/") else added.new)


def _remove(chosen: Namespace) -> None:
    services = open_site()
    with services.database.write() as connection:
        revision.revise(connection)
        store.remove(connection, services.urls, chosen.old)
    print("removed")


def _require_room_for(services: Services, old: OldAddress) -> None:
    """Raises RedirectNeedless if this site answers at an old address, unless it guesses which feed is meant there."""
    with services.database.read() as connection:
        if store.find(connection, [old.key]) is not None:
            return
    if old.parameters and old.path == "/":
        if own := sorted({name for name, _ in old.parameters} & OWN_PARAMETERS):
            raise RedirectNeedless(str(old), f"has “{own[0]}”, which this site's own addresses have")
    elif (status := _status(services, str(old))) not in (404, 410) and not (status == 301 and _is_guessed(old.path)):
        raise RedirectNeedless(str(old), f"is an address of this site (status {status})")


def _is_guessed(path: str) -> bool:
    own = {former for row in SCOPES.values() for former in row.former}
    return path not in own and old_feeds.at_path(path, {}) is not None


def _status(services: Services, path: str) -> int:
    """The status with which this site answers at a path of its own."""
    from feedserver.app import create_app

    client = create_app(services=WebServices(services.settings, services.clock)).test_client()
    base = urlsplit(services.urls.base)
    answer = client.head(base.path + path, base_url=f"{base.scheme}://{base.netloc}")
    return answer.status_code
