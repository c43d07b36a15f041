"""`feedserver thought …` and `feedserver host …`: what is shown, and the rules for where it comes from."""

import argparse
from argparse import Namespace
from urllib.parse import urlsplit

from feedserver.cli.arguments import Commands, listing, noun, open_site, print_list, verb
from feedserver.errors import FeedserverError, PostNotFound, ThoughtNotFound
from feedserver.posts import store as posts
from feedserver.thoughts import hosts, moderation, store
from feedserver.thoughts.hosts import Rule
from feedserver.thoughts.model import STATES
from feedserver.thoughts.moderation import Act
from feedserver.urls import host_name

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
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"“{text}” is no id; `feedserver thought list` shows them")
    return int(text)


def _host(text: str) -> str:
    name = text.strip().strip("[]") if "://" not in text else urlsplit(text).hostname or ""
    try:
        host = host_name(urlsplit(f"//[{name}]" if ":" in name else f"//{name}")).removeprefix("*.")
    except ValueError:
        host = ""
    if not host or set(host) & set("/@ ,"):
        raise argparse.ArgumentTypeError(f"“{text}” is no host, such as spam.example")
    return host


def _list(chosen: Namespace) -> None:
    services = open_site()
    with services.database.read() as connection:
        if chosen.post is not None and posts.slug_owner(connection, chosen.post) is None:
            raise PostNotFound(chosen.post)
        found = store.listing(connection, chosen.post, chosen.state)
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
    """Carries the act out on each id that can be found; the first that cannot is told after all others are done."""
    services = open_site()
    problem: FeedserverError | None = None
    for thought_id in chosen.ids:
        try:
            thought = moderation.moderate(services.database, thought_id, chosen.act, services.clock())
        except ThoughtNotFound as error:
            problem = problem or error
            continue
        print(f"{thought.id}  {thought.state}")
    if problem:
        raise problem
    return 0


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
