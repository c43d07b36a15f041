"""An export of feedserver (`transfer/export`), for a site that has posts already; an empty one takes it over whole."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any, Final, get_args

from sqlalchemy import Table

from feedserver.errors import ImportDamaged, ImportRefused, InvalidDocument
from feedserver.posts import document as documents
from feedserver.posts import front_matter
from feedserver.posts.model import DraftText, Enclosure, PostState
from feedserver.storage import schema
from feedserver.thoughts.model import STATES, Kind, Response
from feedserver.transfer.exports import exported
from feedserver.transfer.exports.own_files import OwnExport, is_one
from feedserver.transfer.formats.folder_posts import flat
from feedserver.transfer.formats.front_matters import as_text
from feedserver.transfer.formats.rewriting import rewritten
from feedserver.transfer.items import (
    ImportedMedia,
    ImportedPost,
    ImportedRedirect,
    ImportedThought,
    Item,
    Origin,
    Remark,
)
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "feedserver"

_FORMATS: Final = ("rss", "atom", "json")
_UNSETTLED: Final = ("received", "rejected")
_REDIRECTS: Final = "redirects.jsonl"
# Members of an object that are rows of another table.
_PARTS: Final = {
    "post_media": "media",
    "enclosures": "enclosures",
    "listed": "lists",
    "media_copies": "copies",
    "thought_events": "timeline",
    "joined_pings": "joined",
    "moderation_undo": "before",
}


def recognises(source: Source) -> bool:
    """Whether this is an export of feedserver."""
    return is_one(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything that another site can take in. Raises ImportRefused, ImportDamaged."""
    export = OwnExport(source)
    base = (options.url or export.url).rstrip("/")
    feeds = {f"{base}/feed.{suffix}": suffix for suffix in _FORMATS}
    yield Origin(name=export.guid, url=base, settings=export.settings(), feeds=feeds)
    for line in export.changed():
        if not options.forgiving:
            raise ImportDamaged(line)
        yield Remark(treatment="mended", where=export.url, what=line, why="it is taken as it is now")
    files = dict(_media(export))
    yield from files.values()
    posts: dict[int, str] = {}
    for where, values in export.objects(exported.POSTS):
        row = exported.row_of(schema.posts, values, where)
        posts[row["id"]] = row["guid"]
        yield _post(export, values, row, files, where)
    yield from _thoughts(export, posts)
    for where, values in export.objects(_REDIRECTS):
        yield ImportedRedirect(where=where, old=_text(values, "old", where), new=_text(values, "new", where))


def _media(export: OwnExport) -> Iterator[tuple[str, ImportedMedia]]:
    """The pictures and files, by their hashes."""
    for where, values in export.objects(exported.MEDIA):
        row = exported.row_of(schema.media, values, where)
        name = f"media/{row['hash']}/{row['name']}"
        file = export.named(name) if export.has(name) else None
        yield (
            row["hash"],
            ImportedMedia(
                key=row["hash"],
                where=where,
                urls=(f"/{name}",),
                name=row["name"],
                file=file,
                alt=row["alt"],
                hash=row["hash"],
            ),
        )


def _post(
    export: OwnExport, values: Mapping[str, Any], row: Mapping[str, Any], files: Mapping[str, ImportedMedia], where: str
) -> Item:
    what = row["title"] or row["slug"]
    name = values.get("file")
    if not isinstance(name, str):
        return Remark(treatment="left out", where=where, what=what, why="it was erased")
    if not export.has(name):
        return Remark(treatment="left out", where=where, what=what, why="its document is missing")
    try:
        found = documents.read(export.document(name), UTC)
    except InvalidDocument as error:
        return Remark(treatment="left out", where=name, what=what, why=str(error))
    shown = rows_of(schema.post_media, values, where, post_id=row["id"])
    replace = _beside({one["reference"]: files.get(one["media"]) for one in shown})
    former = [slug for slug in texts_of(values, "slugs", where) if slug != row["slug"]]
    folder = "/" if row["page"] else "/posts/"
    return ImportedPost(
        key=row["guid"],
        where=name,
        title=row["title"],
        text=rewritten(found.body, found.format, replace),
        format=found.format,
        state=_state(row, where),
        url=f"{folder}{row['slug']}",
        addresses=tuple(f"{folder}{slug}" for slug in former),
        guid=row["guid"],
        slug=row["slug"],
        published_at=row["published_at"],
        updated_at=row["updated_at"],
        tags=tuple(texts_of(values, "tags", where)),
        authors=tuple(texts_of(values, "authors", where)),
        lang=row["lang"],
        enclosures=tuple(
            Enclosure(replace(one["url"]), one["type"], one["length"])
            for one in rows_of(schema.enclosures, values, where, post_id=row["id"])
        ),
        fields=_further(found.source),
        **_fields(found),
    )


def _fields(found: DraftText) -> dict[str, Any]:
    names = "summary pings_open comments_open page menu reply_to like_of repost_of bookmark_of tells".split()
    return {name: getattr(found, name) for name in names}


def _further(document: str) -> dict[str, str]:
    """The fields of a document that mean nothing here, and those that another system knew: `imported` lists them."""
    front = front_matter.split(document)[0]
    others = {name: as_text(value) for name, value in front.fields.items() if name not in documents.FIELDS}
    kept = {front.written[name]: text for name, text in others.items() if text is not None}
    listed = (line.partition(": ") for line in flat(front.fields.get("imported")))
    return kept | {name: value for name, _, value in listed}


def _state(row: Mapping[str, Any], where: str) -> PostState:
    states: tuple[PostState, ...] = get_args(PostState)
    found = next((state for state in states if state == row["state"]), None)
    if found is None:
        raise ImportRefused(f"{where}: has no “state”")
    return found


def _beside(files: Mapping[str, ImportedMedia | None]) -> Callable[[str], str]:
    """Exchanges the names of files beside a document for their addresses."""
    return lambda address: found.urls[0] if (found := files.get(address)) else address


def _thoughts(export: OwnExport, posts: Mapping[int, str]) -> Iterator[Item]:
    guids = {row["id"]: row["guid"] for _, row, _ in thought_rows(export)}
    for where, row, _ in thought_rows(export):
        if row["state"] in _UNSETTLED or row["state"] not in STATES:
            yield Remark(treatment="left out", where=where, what=row["source"] or "", why="it was never settled")
            continue
        if row["kind"] not in get_args(Kind) or row["response"] not in (None, *get_args(Response)):
            raise ImportRefused(f"{where}: has no “kind” or “response” that can be taken")
        yield ImportedThought(
            key=row["guid"],
            where=where,
            kind=row["kind"],
            state=row["state"],
            at=row["received_at"],
            text=row["excerpt"],
            post=posts.get(row["post_id"], ""),
            parent=guids.get(row["parent_id"]),
            response=row["response"],
            source=row["source"],
            author_name=row["author_name"],
            author_url=row["author_url"],
            title=row["title"],
            guid=row["guid"],
        )


def thought_rows(export: OwnExport) -> Iterator[tuple[str, dict[str, Any], Mapping[str, Any]]]:
    """The columns of each thought, and its object: columns that are not stored apart are what readers of it see."""
    for where, values in export.objects(exported.THOUGHTS):
        stored = values.get("stored")
        if not isinstance(stored, Mapping):
            raise ImportRefused(f"{where}: has no “stored”")
        yield where, exported.row_of(schema.thoughts, {**values, **stored}, where), values


def rows_of(table: Table, values: Mapping[str, Any], where: str, **owner: Any) -> list[dict[str, Any]]:
    """The rows of a table within an object, in their order, with the columns that say whose they are."""
    numbered = enumerate(_parts(values, _PARTS[table.name], where, Mapping))
    return [exported.row_of(table, {"position": number, **one, **owner}, where) for number, one in numbered]


def texts_of(values: Mapping[str, Any], name: str, where: str) -> list[str]:
    return _parts(values, name, where, str)


def _parts(values: Mapping[str, Any], name: str, where: str, kind: type) -> list[Any]:
    found = values.get(name)
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        raise ImportRefused(f"{where}: has no “{name}”")
    return found


def _text(values: Mapping[str, Any], name: str, where: str) -> str:
    if not isinstance(found := values.get(name), str):
        raise ImportRefused(f"{where}: has no “{name}”")
    return found
