"""The values of this folder, and what names accounts and apps can have. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from feedserver.errors import NameUnusable
from feedserver.text import caseless, is_blank, one_line, printable

# What an app may do, as people are told of it.
MEANINGS: Final[Mapping[str, str]] = {
    "create": "publish new posts, and upload files",
    "draft": "write drafts",
    "update": "change posts, and read drafts",
    "delete": "delete posts",
    "undelete": "bring deleted posts back",
    "media": "upload files",
}
SCOPES: Final = tuple(MEANINGS)
SESSION: Final = timedelta(days=30)  # since its last use
LINK: Final = timedelta(hours=1)  # in which a sign-in link is good
KNOWN: Final = timedelta(days=30)  # for which an address is known from which somebody has signed in
_MOST_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `password` is its hash, None until a sign-in link was used; `totp_key` None: no second factor."""

    id: int
    name: str
    password: str | None
    totp_key: str | None
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """What `account list` tells of an account. `totp`: it has a second factor."""

    name: str
    created_at: datetime
    signed_in_at: datetime | None
    sessions: int
    totp: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody is signed in. `account` is the name."""

    id: int
    account_id: int
    account: str
    created_at: datetime
    used_at: datetime
    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks to be let in: an address, and the User-Agent of the browser."""

    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Link:
    """A sign-in link that is good. `account` is None where the person chooses the name of the first account."""

    account: Account | None
    asks_code: bool


@dataclass(frozen=True, slots=True)
class AppToken:
    """A token of a writing app. `account` is the name; `client_id` the address of an app that came by IndieAuth."""

    id: int
    name: str
    account: str
    scopes: frozenset[str]
    created_at: datetime
    last_used_at: datetime | None
    client_id: str | None


def read_name(text: str, what: str = "an account") -> str:
    """Returns the name of an account or app as it is stored. Raises NameUnusable for none, and for a long one."""
    if len(text) > _MOST_CHARACTERS * 4:  # before it is normalised
        raise NameUnusable(f"the name of {what} has at most {_MOST_CHARACTERS} characters")
    name = one_line(text)
    if is_blank(name) or printable(name) != name:
        raise NameUnusable(f"the name of {what} has letters or digits, and no control characters")
    if len(name) > _MOST_CHARACTERS:
        raise NameUnusable(f"the name of {what} has at most {_MOST_CHARACTERS} characters")
    return name


def folded(name: str) -> str:
    """Returns what names that mean the same account share. Names that none can have are cut."""
    return caseless(one_line(name[: _MOST_CHARACTERS * 4]))
