"""What an export holds, whatever system has made it. Pure.

A reader (`formats`) gives these values one after another, and keeps none: an export may have gigabytes. The origin
comes first. Reading the same export again gives the same values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from feedserver.posts.model import Enclosure, Format, PostState
from feedserver.thoughts.model import Kind, Response, State

# What became of a part of the export. `left out`: it is not taken. `changed`: it is taken, but not as it was.
# `mended`: what it stood in was damaged, and read with forgiveness; then nothing is applied without `--force`.
Treatment = Literal["left out", "changed", "mended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the export comes from.

    `name` tells it from other exports of the same kind, for ever: the site's address, else the name of its folder.
    `url` is the site's address; relative addresses of items are below it. `settings` are those that it names, by the
    names of ours (`site.title` …). `feeds` are the addresses of its feeds, each with the suffix of ours (`rss`, `atom`,
    `json`).
    """

    name: str
    url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPost:
    """A post or page. Moments are aware, UTC.

    `key` is its id at the origin, which never changes there. `where` says for people where in the export it stands.
    `url` is its permalink at the origin, `addresses` are others that led to it (`?p=12`, former slugs); absolute, or
    relative to the origin. `guid` is its id in the origin's feeds. `slug` is the one that it is to have, as far as it
    is free; None: one is made. `text` names pictures and other posts by their addresses at the origin. A post of state
    `published` with a later date is a scheduled one. `fields` are further fields of its front matter, kept as text.
    `earlier` are the states and dates that the same export gave before a date in it had come.
    """

    key: str
    where: str
    title: str
    text: str
    format: Format
    state: PostState
    url: str | None = None
    addresses: tuple[str, ...] = ()
    guid: str | None = None
    slug: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    summary: str | None = None
    lang: str | None = None
    pings_open: bool = True
    comments_open: bool = True
    enclosures: tuple[Enclosure, ...] = ()
    page: bool = False
    menu: str | None = None
    reply_to: tuple[str, ...] = ()
    like_of: tuple[str, ...] = ()
    repost_of: tuple[str, ...] = ()
    bookmark_of: tuple[str, ...] = ()
    tells: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[tuple[PostState, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedThought:
    """A comment, or a ping that was verified there. It follows its post, and its parent, where the export has them.

    `post` is the key of its post; else `target` is the address of the page that it is on. `parent` is the key of the
    thought that it answers. `text` is plain text. `guid` is its id in the origin's feeds, if that is one of ours.
    """

    key: str
    where: str
    kind: Kind
    state: State
    at: datetime
    text: str
    post: str | None = None
    target: str | None = None
    parent: str | None = None
    response: Response | None = None
    source: str | None = None
    author_name: str = ""
    author_url: str = ""
    title: str = ""
    guid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMedia:
    """A picture or another file that posts name.

    `urls` are the addresses by which texts name it, absolute or relative to the origin; the first one is where it can
    be fetched. `file` is its name among the files of the export, None if it is not in there. `hash` is that of
    the bytes as a site of feedserver stores them, if the origin is one.
    """

    key: str
    where: str
    urls: tuple[str, ...]
    name: str
    file: str | None = None
    alt: str = ""
    hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRedirect:
    """An old address, and where it leads: an address of the origin, another site's, or a path of ours (`/tags/…`)."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that the report tells: `where` it stands in the export, `what` it is, and `why` it is treated so.

    Remarks with the same `why` are counted together.
    """

    treatment: Treatment
    where: str
    what: str
    why: str


Item = Origin | ImportedPost | ImportedThought | ImportedMedia | ImportedRedirect | Remark
