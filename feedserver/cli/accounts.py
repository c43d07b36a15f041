"""`feedserver account …` and `feedserver app …`: who may write here, and with which apps."""

import re
from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict

from feedserver.accounts.model import SCOPES
from feedserver.cli.arguments import Commands, is_number, listing, noun, open_site, print_list, verb
from feedserver.errors import AppNotFound

_GOOD_FOR = "good once, for an hour: whoever opens it sets the password and is signed in"


def add_commands(commands: Commands) -> None:
    group = noun(commands, "account", "people who may sign in to the desk")
    add = verb(group, "add", _add, "make an account; prints the address under which the person sets a password")
    add.add_argument("name", metavar="NAME")
    link = verb(group, "link", _link, "print a new such address of an account; older ones end")
    link.add_argument("name", metavar="NAME")
    link.add_argument("--without-totp", action="store_true", help="using it turns the second factor off")
    listing(group, "list", _list, "list accounts")
    remove = verb(group, "remove", _remove, "remove an account: its sessions, links and tokens end, posts stay")
    remove.add_argument("name", metavar="NAME")

    group = noun(commands, "app", "tokens for writing apps")
    add = verb(group, "add", _add_app, "make a token, named after its app; prints it, this once")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--account", metavar="NAME", help="whose; may be left out while there is one account")
    add.add_argument(
        "--scope",
        metavar="SCOPE",
        type=_scopes,
        nargs="+",
        action="extend",
        help=f"what the app may do: {', '.join(SCOPES)}; default: all",
    )
    listing(group, "list", _list_apps, "list tokens, the newest first")
    remove = verb(group, "remove", _remove_app, "end the tokens of an app")
    remove.add_argument("name", metavar="NAME", help="or the id of one token")


def _scopes(text: str) -> frozenset[str]:
    scopes = frozenset(re.split(r"[,\s]+", text.strip()))
    if unknown := sorted(scopes - set(SCOPES)):
        raise ArgumentTypeError(f"“{unknown[0]}” is no scope; there are {', '.join(SCOPES)}")
    return scopes


def _add(chosen: Namespace) -> None:
    services = open_site()
    token = services.accounts.add(chosen.name)
    print(_GOOD_FOR)
    print(services.urls.sign_in_link(token))


def _link(chosen: Namespace) -> None:
    services = open_site()
    token = services.accounts.link(chosen.name, asks_code=not chosen.without_totp)
    print(_GOOD_FOR)
    print(services.urls.sign_in_link(token))


def _list(chosen: Namespace) -> None:
    services = open_site()
    rows = [asdict(account) for account in services.accounts.listed()]
    columns = ("name", "created_at", "signed_in_at", "sessions", "totp")
    print_list(rows, as_json=chosen.json, columns=columns, zone=services.settings.site.zone)


def _remove(chosen: Namespace) -> None:
    open_site().accounts.remove(chosen.name)
    print("removed")


def _add_app(chosen: Namespace) -> None:
    services = open_site()
    account = chosen.account or services.accounts.only_one()
    scopes = frozenset[str]().union(*chosen.scope) if chosen.scope else SCOPES
    _, token = services.apps.add(chosen.name, account, scopes)
    print("the token, which is shown this once:")
    print(token)


def _list_apps(chosen: Namespace) -> None:
    services = open_site()
    columns = ("id", "name", "account", "scopes", "created_at", "last_used_at")
    rows = [
        {column: getattr(token, column) for column in columns} | {"scopes": sorted(token.scopes)}
        for token in services.apps.listed()
    ]
    print_list(rows, as_json=chosen.json, columns=columns, zone=services.settings.site.zone)


def _remove_app(chosen: Namespace) -> None:
    apps = open_site().apps
    try:
        apps.end(chosen.name)
    except AppNotFound:
        if not is_number(chosen.name):
            raise
        apps.end(int(chosen.name))
    print("removed")
