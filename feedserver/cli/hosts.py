"""`feedserver host …`: the rules for where pings come from, and removing what came."""

import argparse
import sys
from argparse import Namespace
from urllib.parse import urlsplit

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, verb
from feedserver.domains import home_directory
from feedserver.errors import FeedserverError
from feedserver.thoughts.moderation import hosts, purge
from feedserver.thoughts.moderation.hosts import Rule
from feedserver.thoughts.moderation.purge import Stored
from feedserver.urls import host_name, path_steps


def add_commands(commands: Commands) -> None:
    group = noun(commands, "host", "rules for source hosts, subdomains included")
    for name, rule, meaning in (
        ("block", "block", "take no pings from a host"),
        ("unblock", None, "take the rule for a host away"),
        ("trust", "trust", "show pings from a host at once"),
    ):
        command = verb(group, name, _rule, meaning)
        command.add_argument(
            "host", metavar="HOST", type=_host_or_path, help="with a path where a host is shared, as example.org/~ann"
        )
        command.set_defaults(rule=rule)
    listing(group, "list", _hosts, "list the rules")
    purged = verb(group, "purge", _purge, "remove all that came from a host, for good: thoughts, texts and jobs")
    purged.add_argument("host", metavar="HOST", type=host)
    purged.add_argument("--yes", action="store_true", help="really do it; without, tell what would be removed")


def host(text: str) -> str:
    """A host in its one form, as typed or out of a URL."""
    try:
        name = text.strip().strip("[]") if "://" not in text else urlsplit(text).hostname or ""
        found = host_name(urlsplit(f"//[{name}]" if ":" in name else f"//{name}")).removeprefix("*.")
    except ValueError:
        found = ""
    if not found or set(name) & set("@ ,/"):
        raise argparse.ArgumentTypeError(f"“{text}” is no host, such as spam.example")
    return found


def _host_or_path(text: str) -> str:
    """Parses HOST or HOST/PATH; of a URL's path only a home directory (`/~ann`, `/@ann`) is used."""
    if "://" in text:
        return "/".join((host(text), *home_directory(urlsplit(text).path)))
    name, _, path = text.strip().partition("/")
    steps = path_steps(path)
    if len(steps) > hosts.MAX_STEPS:
        raise argparse.ArgumentTypeError(f"“{text}” has more than {hosts.MAX_STEPS} steps")
    return "/".join((host(name), *steps))


def _rule(chosen: Namespace) -> None:
    services = open_site()
    rule: Rule | None = chosen.rule
    with services.database.write() as connection:
        had_one = hosts.set_rule(connection, chosen.host, rule, services.clock())
    if rule is None and not had_one:
        raise FeedserverError(f"there is no rule for {chosen.host}; `feedserver host list` shows those there are")
    print(f"{rule or 'no rule'}  {chosen.host}")


def _hosts(chosen: Namespace) -> None:
    with open_site().database.read() as connection:
        rows = [{"host": host, "rule": rule} for host, rule in hosts.rules(connection)]
    print_list(rows, as_json=chosen.json, columns=("rule", "host"))


def _purge(chosen: Namespace) -> int:
    services = open_site()
    if chosen.yes:
        stored = purge.purge(services.database, chosen.host, services.clock())
    else:
        with services.database.read() as connection:
            stored = purge.stored(connection, chosen.host)
    if not stored.thoughts:
        raise FeedserverError(f"nothing is stored from {chosen.host}; `feedserver thought list` shows all thoughts")
    if chosen.yes:
        print(f"removed from {chosen.host}, for good: {_counted(stored)}")
        return 0
    print(f"there is from {chosen.host}: {_counted(stored)}")
    print("feedserver: nothing was removed; --yes removes it, which cannot be taken back", file=sys.stderr)
    return 1


def _counted(stored: Stored) -> str:
    numbers = {"thought": stored.thoughts, "page": stored.source_keys, "job": stored.jobs}
    counted = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in numbers.items())
    return f"{counted} ({stored.shown} shown)"
