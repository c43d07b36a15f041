"""`feedserver host …`: rules for source hosts, and deleting everything from a host."""

import argparse
import sys
from argparse import Namespace
from urllib.parse import urlsplit

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, verb
from feedserver.domains import SHARED_BY_PATH, home_directory
from feedserver.errors import FeedserverError
from feedserver.host_names import host_name
from feedserver.thoughts.moderation import hosts, purge
from feedserver.thoughts.moderation.purge import StoredCounts
from feedserver.thoughts.moderation.trust import Rule
from feedserver.urls import path_steps


def add_commands(commands: Commands) -> None:
    group = noun(commands, "host", "rules for source hosts, subdomains included")
    for name, rule, meaning in (
        ("block", "block", "refuse all pings from a host"),
        ("unblock", None, "remove the rule for a host"),
        ("trust", "trust", "show pings from a host at once"),
        ("untrust", None, "remove the rule for a host"),
    ):
        command = verb(group, name, _set_rule, meaning)
        command.add_argument(
            "host", metavar="HOST", type=_host_or_path, help="or HOST/PATH on a shared host, such as example.org/~ann"
        )
        command.set_defaults(rule=rule)
    listing(group, "list", _list, "list the rules")
    purged = verb(group, "purge", _purge, "delete everything from a host for good: thoughts, texts and jobs")
    purged.add_argument("host", metavar="HOST", type=host)
    purged.add_argument("--yes", action="store_true", help="delete; without it, only print what would be deleted")


def host(text: str) -> str:
    """Parses a host, alone or in a URL. Returns it in lower case and ASCII, IPv6 without brackets."""
    try:
        name = text.strip().strip("[]") if "://" not in text else urlsplit(text).hostname or ""
        found = host_name(urlsplit(f"//[{name}]" if ":" in name else f"//{name}")).removeprefix("*.")
    except ValueError:
        found = ""
    if not found or set(name) & set("@ ,/"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a host; give one such as spam.example")
    return found


def _host_or_path(text: str) -> str:
    """Parses HOST or HOST/PATH. Of a URL's path only the segment that names a source site is used."""
    if "://" in text:
        found, path = host(text), urlsplit(text).path
        is_shared = found.removeprefix("www.") in SHARED_BY_PATH
        return "/".join((found, *(path_steps(path)[:1] if is_shared else home_directory(path))))
    name, _, path = text.strip().partition("/")
    steps = path_steps(path)
    if len(steps) > hosts.MAX_STEPS:
        raise argparse.ArgumentTypeError(f"“{text}” has more than {hosts.MAX_STEPS} path segments")
    return "/".join((host(name), *steps))


def _set_rule(chosen: Namespace) -> None:
    services = open_site()
    rule: Rule | None = chosen.rule
    with services.database.write() as connection:
        had_one = hosts.set_rule(connection, chosen.host, rule, services.clock())
    if rule is None and not had_one:
        raise FeedserverError(f"no rule for {chosen.host}; `feedserver host list` shows all rules")
    print(f"{rule or 'no rule'}  {chosen.host}")


def _list(chosen: Namespace) -> None:
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
        print(f"deleted from {chosen.host}: {_counts(stored)}")
        return 0
    print(f"stored from {chosen.host}: {_counts(stored)}")
    print("feedserver: nothing was deleted; --yes deletes it, which cannot be undone", file=sys.stderr)
    return 1


def _counts(stored: StoredCounts) -> str:
    numbers = {"thought": stored.thoughts, "page": stored.source_keys, "job": stored.jobs}
    counts = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in numbers.items())
    return f"{counts} ({stored.shown} shown)"
