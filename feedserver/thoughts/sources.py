"""The SQL of sources: when each was last fetched, and what it said about our posts."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from feedserver.storage.schema import sources
from feedserver.thoughts.model import Words


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
