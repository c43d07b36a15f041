"""The SQL of sources: when each was last fetched, what it said about our posts, and for which it was pinged."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from feedserver.storage.schema import slugs, sources, thoughts
from feedserver.thoughts.model import Words

_AT_A_TIME = 500  # names in one query: databases bound them


@dataclass(frozen=True, slots=True)
class Findings:
    """What a source said when it was last fetched. `mentions` holds the words for each post it links to, by id."""

    fetched_at: datetime
    mentions: dict[int, Words]


def last_findings(connection: Connection, page: str) -> Findings | None:
    """What a source said when it was last fetched; None when it never was."""
    row = connection.execute(select(sources).where(sources.c.page == page)).one_or_none()
    if row is None:
        return None
    mentions = {int(post_id): Words(**words) for post_id, words in json.loads(row.findings).items()}
    return Findings(row.fetched_at, mentions)


def keep_findings(connection: Connection, page: str, found: Findings) -> None:
    mentions = {post_id: asdict(words) for post_id, words in found.mentions.items()}
    values = {"fetched_at": found.fetched_at, "findings": json.dumps(mentions, ensure_ascii=False)}
    if not connection.execute(update(sources).where(sources.c.page == page).values(values)).rowcount:
        connection.execute(insert(sources).values(page=page, **values))


def posts_pinged(connection: Connection, page: str) -> set[int]:
    """The ids of the posts for which this source was pinged."""
    return set(connection.execute(select(thoughts.c.post_id).where(thoughts.c.page == page)).scalars())


def posts_with(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """The id of the post for each of the slugs, present or former, that there are."""
    found: dict[str, int] = {}
    for start in range(0, len(names), _AT_A_TIME):
        query = select(slugs.c.slug, slugs.c.post_id).where(slugs.c.slug.in_(names[start : start + _AT_A_TIME]))
        found |= {row.slug: row.post_id for row in connection.execute(query)}
    return found
