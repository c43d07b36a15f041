"""How much waits for a moderator, and from where: the senders' networks, and the bytes of the words."""

from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from alembic import op

revision = "1011"
down_revision = "1010"
branch_labels = None
depends_on = None

_IS_HELD = sa.text("state = 'held'")
_WORDS = ("author_name", "author_url", "title", "excerpt", "pending_content")
_WAITING = "SELECT id, sender FROM thoughts WHERE state IN ('received', 'held') AND sender IS NOT NULL"


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("sender_network", sa.Text(), nullable=True))
    op.add_column("thoughts", sa.Column("word_bytes", sa.Integer(), nullable=False, server_default="0"))
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    length = "coalesce(length(CAST({} AS BLOB)), 0)" if is_sqlite else "coalesce(octet_length({}), 0)"
    op.execute(f"UPDATE thoughts SET word_bytes = {' + '.join(map(length.format, _WORDS))}")  # noqa: S608 - constants
    waiting = [{"id": row.id, "network": _network(row.sender)} for row in connection.execute(sa.text(_WAITING))]
    if waiting:
        connection.execute(sa.text("UPDATE thoughts SET sender_network = :network WHERE id = :id"), waiting)
    op.create_index(
        "ix_thoughts_state_sender_network_source_site_word_bytes",
        "thoughts",
        ["state", "sender_network", "source_site", "word_bytes"],
        sqlite_where=_IS_HELD,
        postgresql_where=_IS_HELD,
    )


def _network(sender: str) -> str:
    try:
        address = ip_address(sender)
    except ValueError:
        return sender
    if address.version == 6:
        address = address.ipv4_mapped or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))
