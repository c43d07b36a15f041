"""On hosts whose users have a path each, the first segment of the path is part of the source site."""

from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from alembic import op

revision = "1014"
down_revision = "1013"
branch_labels = None
depends_on = None

_HOSTS = (
    *("bitbucket.org", "brid.gy", "codeberg.org", "dev.to", "fed.brid.gy", "gist.github.com", "github.com"),
    *("gitlab.com", "medium.com", "note.com", "patreon.com", "qiita.com", "sites.google.com", "zenn.dev"),
)
_THOUGHTS = sa.table("thoughts", *map(sa.column, ("id", "host", "source_key", "source_site")))


def upgrade() -> None:
    connection = op.get_bind()
    hosts = [*_HOSTS, *(f"www.{host}" for host in _HOSTS)]
    found = connection.execute(
        sa.select(_THOUGHTS).where(_THOUGHTS.c.host.in_(hosts), _THOUGHTS.c.source_key.is_not(None))
    ).all()
    values = [{"of": row.id, "site": _site(row.host, row.source_key)} for row in found]
    if values:
        update = sa.update(_THOUGHTS).where(_THOUGHTS.c.id == sa.bindparam("of"))
        connection.execute(update.values(source_site=sa.bindparam("site")), values)


def _site(host: str, source_key: str) -> str:
    steps = [step for step in unquote(urlsplit(source_key).path).replace("\\", "/").split("/") if step]
    return "/".join((host.removeprefix("www."), *steps[:1]))
