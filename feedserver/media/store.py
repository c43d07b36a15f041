"""The SQL of pictures and files: rows of what was added, of smaller copies, and of what posts show."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, tuple_, union_all, update

from feedserver.media.model import Media, StoredFile
from feedserver.storage.batches import batches, rows_among
from feedserver.storage.schema import media, media_copies, post_media, posts

_OF_A_FILE: Final = ("hash", "name", "type", "size", "width", "height")


# --- finding ---


def by_hashes(connection: Connection, hashes: Collection[str]) -> dict[str, Media]:
    """Pictures and files by the hashes of theirs in `hashes`: their own, or those of their smaller copies."""
    found = _by_own(connection, set(hashes))
    of_copies = select(media_copies.c.hash, media_copies.c.media)
    rows = rows_among(connection, of_copies, media_copies.c.hash, set(hashes) - found.keys())
    owners = {row.hash: row.media for row in rows}
    owning = _by_own(connection, set(owners.values()))
    return found | {hash_: owning[owner] for hash_, owner in owners.items()}


def by_given(connection: Connection, given: str) -> Media | None:
    """What was made of bytes with this hash, when they were given before."""
    rows = connection.execute(select(media).where(media.c.given == given).order_by(media.c.hash).limit(1)).all()
    return next(iter(_with_copies(connection, rows)), None)


def called(connection: Connection, name: str) -> list[Media]:
    """What is called `name`, or HASH/NAME."""
    hash_, slash, rest = name.partition("/")
    condition = (media.c.hash == hash_) & (media.c.name == rest) if slash else media.c.name == name
    return _with_copies(connection, connection.execute(select(media).where(condition).order_by(media.c.hash)).all())


def everything(connection: Connection) -> list[Media]:
    """All that was added, the newest first."""
    rows = connection.execute(select(media).order_by(media.c.added_at.desc(), media.c.hash)).all()
    copies = _copies(connection.execute(select(media_copies).order_by(media_copies.c.width)).all())
    return [_media(row, copies) for row in rows]


def newest(connection: Connection, limit: int, offset: int = 0, kinds: Collection[str] = ()) -> list[Media]:
    """What was added last, the newest first, after `offset` of them.

    Of some `kinds` alone, if any: media types, or their first halves.
    """
    query = select(media).order_by(media.c.added_at.desc(), media.c.hash).limit(limit).offset(offset)
    if kinds:
        halves = (media.c.type.startswith(f"{kind}/", autoescape=True) for kind in kinds if "/" not in kind)
        query = query.where(or_(media.c.type.in_(kinds), *halves))
    return _with_copies(connection, connection.execute(query).all())


def files_of(connection: Connection, hash_: str) -> list[StoredFile]:
    """The files with a hash, smaller copies among them: several only where two pictures have the same copy."""
    parts = [select(*(table.c[name] for name in _OF_A_FILE)).where(table.c.hash == hash_) for table in _TABLES]
    return [StoredFile(**row._mapping) for row in connection.execute(union_all(*parts))]  # noqa: SLF001 - documented


def all_files(connection: Connection) -> dict[tuple[str, str], int]:
    """The size of each file that is to be in the store, by its hash and name."""
    query = union_all(*(select(table.c.hash, table.c.name, table.c.size) for table in _TABLES))
    return {(row.hash, row.name): row.size for row in connection.execute(query)}


def unnamed(connection: Connection, files: Sequence[StoredFile]) -> list[StoredFile]:
    """Those of `files` that no row names."""
    keys = [(file.hash, file.name) for file in files]
    parts = [
        select(table.c.hash, table.c.name).where(tuple_(table.c.hash, table.c.name).in_(keys)) for table in _TABLES
    ]
    named = {(row.hash, row.name) for row in connection.execute(union_all(*parts))}
    return [file for file in files if (file.hash, file.name) not in named]


def slugs_of(connection: Connection, hash_: str) -> list[str]:
    """The slugs of the posts and pages that show it, drafts among them, in order; not of deleted ones."""
    query = select(posts.c.slug).join(post_media, post_media.c.post_id == posts.c.id).distinct()
    query = query.where(post_media.c.media == hash_, posts.c.state != "deleted").order_by(posts.c.slug)
    return list(connection.execute(query).scalars())


def of_post(connection: Connection, post_id: int) -> dict[str, Media]:
    """What a post names, by its references."""
    query = select(post_media.c.reference, post_media.c.media).where(post_media.c.post_id == post_id)
    named = {row.reference: row.media for row in connection.execute(query)}
    found = by_hashes(connection, named.values())
    return {reference: found[hash_] for reference, hash_ in named.items()}


# --- writing ---


def enter(connection: Connection, kept: Media) -> Media:
    """Writes what `adding.Library.keep` gave, unless it is there; returns it as it is stored.

    An alternative text is taken where there was none.
    """
    found = _by_own(connection, [kept.hash]).get(kept.hash)
    if found is None:
        _add(connection, kept)
        return kept
    return describe(connection, found, kept.alt) if kept.alt and not found.alt else found


def _add(connection: Connection, new: Media) -> None:
    values = {name: getattr(new, name) for name in (*_OF_A_FILE, "given", "alt", "added_at")}
    connection.execute(insert(media).values(values))
    if new.copies:
        rows = [{"media": new.hash} | {name: getattr(copy, name) for name in _OF_A_FILE} for copy in new.copies]
        connection.execute(insert(media_copies), rows)


def describe(connection: Connection, found: Media, alt: str) -> Media:
    """Writes an alternative text in the place of the former one."""
    connection.execute(update(media).where(media.c.hash == found.hash).values(alt=alt))
    return replace(found, alt=alt)


def remove(connection: Connection, hash_: str) -> None:
    """Deletes the rows of a picture or file, and what said that posts show it."""
    connection.execute(delete(post_media).where(post_media.c.media == hash_))
    connection.execute(delete(media_copies).where(media_copies.c.media == hash_))
    connection.execute(delete(media).where(media.c.hash == hash_))


def write_of_post(connection: Connection, post_id: int, named: Mapping[str, Media]) -> None:
    """Writes what a post names, by its references, in the place of what it named before.

    What was removed meanwhile is left out.
    """
    connection.execute(delete(post_media).where(post_media.c.post_id == post_id))
    add_of_posts(connection, {post_id: named})


def add_of_posts(connection: Connection, named: Mapping[int, Mapping[str, Media]]) -> None:
    """Writes what new posts name, by the posts' ids; see `write_of_post`."""
    known = _by_own(connection, {one.hash for of_post in named.values() for one in of_post.values()})
    rows = [
        {"post_id": post_id, "reference": reference, "media": one.hash}
        for post_id, of_post in named.items()
        for reference, one in sorted(of_post.items())
        if one.hash in known
    ]
    if rows:
        connection.execute(insert(post_media), rows)


# --- rows ---

_TABLES: Final = (media, media_copies)
_Copies = Mapping[str, Sequence[StoredFile]]


def _by_own(connection: Connection, hashes: Collection[str]) -> dict[str, Media]:
    queries = (select(media).where(media.c.hash.in_(some)) for some in batches(sorted(hashes)))
    return {one.hash: one for query in queries for one in _with_copies(connection, connection.execute(query).all())}


def _with_copies(connection: Connection, rows: Sequence[Row[Any]]) -> list[Media]:
    query = select(media_copies).where(media_copies.c.media.in_([row.hash for row in rows]))
    copies = _copies(connection.execute(query.order_by(media_copies.c.width)).all()) if rows else {}
    return [_media(row, copies) for row in rows]


def _copies(rows: Iterable[Row[Any]]) -> _Copies:
    found: dict[str, list[StoredFile]] = {}
    for row in rows:
        copy = StoredFile(**{name: getattr(row, name) for name in _OF_A_FILE})
        found.setdefault(row.media, []).append(copy)
    return found


def _media(row: Row[Any], copies: _Copies) -> Media:
    return Media(**row._mapping, copies=tuple(copies.get(row.hash, ())))  # noqa: SLF001 - documented
