"""`feedserver thought …` and `feedserver host …`: what is shown, and the rules for where it comes from."""

import argparse
import sys
from argparse import Namespace
from urllib.parse import urlsplit

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, verb
from feedserver.errors import FeedserverError, PostNotFound, ThoughtError
from feedserver.posts import store as posts
from feedserver.thoughts import hosts, moderation, store
from feedserver.thoughts.hosts import Rule
from feedserver.thoughts.model import STATES
from feedserver.thoughts.moderation import Act
from feedserver.urls import host_name

_DIGITS = 18  # of an id: what a database's whole numbers can hold

_ACTS: dict[Act, str] = {
    "approve": "show thoughts, and keep their words as they are",
    "hide": "hold thoughts back",
    "spam": "mark thoughts as spam, for good",
    "delete": "take thoughts away, for good",
}


def add_commands(commands: Commands) -> None:
    group = noun(commands, "thought", "list and moderate thoughts")
    listed = listing(group, "list", _list, "list thoughts, newest first")
    listed.add_argument("--post", metavar="SLUG", help="only those on this post")
    listed.add_argument("--state", choices=STATES, help="only those in this state")
    for act, meaning in _ACTS.items():
        command = verb(group, act, _moderate, meaning)
        command.add_argument("ids", metavar="ID", type=_id, nargs="+")
        command.set_defaults(act=act)

    group = noun(commands, "host", "rules for source hosts, subdomains included")
    for name, rule, meaning in (
        ("block", "block", "take no pings from a host"),
        ("unblock", None, "take the rule for a host away"),
        ("trust", "trust", "show pings from a host at once"),
    ):
        command = verb(group, name, _rule, meaning)
        command.add_argument("host", metavar="HOST", type=_host)
        command.set_defaults(rule=rule)
    listing(group, "list", _hosts, "list the rules")


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise argparse.ArgumentTypeError(f"“{text}” is no id; `feedserver thought list` shows them")
    return int(text)


def _host(text: str) -> str:
    try:
        name = text.strip().strip("[]") if "://" not in text else urlsplit(text).hostname or ""
        host = host_name(urlsplit(f"//[{name}]" if ":" in name else f"//{name}")).removeprefix("*.")
    except ValueError:
        host = ""
    if not host or set(name) & set("@ ,"):
        raise argparse.ArgumentTypeError(f"“{text}” is no host, such as spam.example")
    return host


def _list(chosen: Namespace) -> None:
    services = open_site()
    with services.database.read() as connection:
        post = posts.by_slug(connection, chosen.post) if chosen.post is not None else None
        if chosen.post is not None and post is None:
            raise PostNotFound(chosen.post)
        found = store.listing(connection, post.slug if post else None, chosen.state)
    rows = [
        {
            "id": thought.id,
            "state": thought.state,
            "reason": thought.reason,
            "kind": thought.kind,
            "post": thought.post_slug,
            "source": thought.source,
            "author_name": thought.author_name or None,
            "author_url": thought.author_url or None,
            "title": thought.title or None,
            "excerpt": thought.excerpt or None,
            "received_at": thought.received_at,
            "receipt": services.urls.receipt(thought.token) if thought.token else None,
        }
        for thought in found
    ]
    columns = ("id", "received_at", "state", "kind", "post", "author_name", "source")
    print_list(rows, as_json=chosen.json, columns=columns)


def _moderate(chosen: Namespace) -> int:
    """Carries the act out on each id, and says of which ones it cannot."""
    services = open_site()
    status = 0
    for thought_id in chosen.ids:
        try:
            thought = moderation.moderate(services.database, thought_id, chosen.act, services.clock())
        except ThoughtError as error:
            print(f"feedserver: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{thought.id}  {thought.state}")
    return status


def _rule(chosen: Namespace) -> None:
    services = open_site()
    rule: Rule | None = chosen.rule
    with services.database.write() as connection:
        had_one = hosts.set_rule(connection, chosen.host, rule, services.clock())
    if rule is None and not had_one:
        raise FeedserverError(f"there is no rule for {chosen.host}; `feedserver host list` shows those there are")


def _hosts(chosen: Namespace) -> None:
    with open_site().database.read() as connection:
        rows = [{"host": host, "rule": rule} for host, rule in hosts.rules(connection)]
    print_list(rows, as_json=chosen.json, columns=("rule", "host"))
