"""`feedserver host …`: rules for source hosts, and deleting everything from a host."""

import argparse
from argparse import Namespace
from urllib.parse import urlsplit

from sqlalchemy import Connection

from feedserver.cli.arguments import Commands, counted, listing, noun, open_site, print_list, remark, verb
from feedserver.errors import FeedserverError
from feedserver.host_names import read_host
from feedserver.thoughts.moderation import hosts, purge, ruling
from feedserver.thoughts.moderation.purge import StoredCounts
from feedserver.thoughts.moderation.trust import Rule
from feedserver.urls import path_steps
from feedserver.websub import blocking


def add_commands(commands: Commands) -> None:
    group = noun(commands, "host", "rules for source hosts, subdomains included")
    for name, rule, run, meaning in (
        ("block", "block", _set_rule, "refuse all pings and subscriptions from a host"),
        ("unblock", "block", _remove_rule, "block a host no more"),
        ("trust", "trust", _set_rule, "show pings from a host at once"),
        ("untrust", "trust", _remove_rule, "trust a host no more"),
    ):
        command = verb(group, name, run, meaning)
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
        return read_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _host_or_path(text: str) -> str:
    """Parses HOST, HOST/PATH, or a URL, without its query."""
    parts = urlsplit(text.strip() if "://" in text else f"//{text.strip()}")
    name, steps = (text if "://" in text else text.strip().partition("/")[0]), path_steps(parts.path)
    if len(steps) > hosts.MAX_STEPS:
        raise argparse.ArgumentTypeError(f"“{text}” has more than {hosts.MAX_STEPS} path segments")
    return "/".join((host(name), *steps))


def _set_rule(chosen: Namespace) -> None:
    rule: Rule = chosen.rule
    ruling.require_owner(chosen.host)
    services = open_site()

    def operation(connection: Connection) -> tuple[Rule | None, int]:
        before = hosts.set_rule(connection, chosen.host, rule, services.clock())
        return before, blocking.follow(connection, chosen.host, services.clock()) if rule == "block" else 0

    before, ended = services.database.transact(operation)
    if before not in (None, rule):
        remark(f"{chosen.host} was {'blocked' if before == 'block' else 'trusted'} until now")
    if rule == "trust" and chosen.host.removeprefix("www.") in services.settings.moderation.shared_by_path:
        remark(f"many people share {chosen.host}: whose pages name their author's address need trust for that address")
    if ended:
        remark(f"{counted(ended, 'subscription')} at the hub {'has' if ended == 1 else 'have'} ended")
    print(f"{rule}  {chosen.host}")


def _remove_rule(chosen: Namespace) -> None:
    rule: Rule = chosen.rule
    with open_site().database.write() as connection:
        had_it = hosts.remove_rule(connection, chosen.host, rule)
    if not had_it:
        raise FeedserverError(f"{chosen.host} has no rule “{rule}”; `feedserver host list` shows all rules")
    print(f"no rule  {chosen.host}")


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
    remark("nothing was deleted; --yes deletes it, which cannot be undone")
    return 1


def _counts(stored: StoredCounts) -> str:
    numbers = {"thought": stored.thoughts, "page": stored.source_keys, "job": stored.jobs}
    counts = ", ".join(counted(number, noun) for noun, number in numbers.items())
    return f"{counts} ({stored.shown} shown)"
