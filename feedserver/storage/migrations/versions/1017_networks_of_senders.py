"""Of the address of a sender only the network is kept once its ping is settled."""

from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from alembic import op

revision = "1017"
down_revision = "1016"
branch_labels = None
depends_on = None

_SETTLED = "SELECT DISTINCT sender FROM thoughts WHERE state != 'received' AND sender IS NOT NULL"
_SHORTEN = "UPDATE thoughts SET sender = :network WHERE state != 'received' AND sender = :sender"


def upgrade() -> None:
    connection = op.get_bind()
    networks = {sender: _network(sender) for sender in connection.execute(sa.text(_SETTLED)).scalars()}
    changed = [{"sender": sender, "network": network} for sender, network in networks.items() if network != sender]
    if changed:
        op.create_index("ix_meanwhile", "thoughts", ["sender"])  # else each update below reads the whole table
        connection.execute(sa.text(_SHORTEN), changed)
        op.drop_index("ix_meanwhile", "thoughts")


def _network(sender: str) -> str:
    try:
        address = ip_address(sender)
    except ValueError:
        return sender
    if address.version == 6:
        address = address.ipv4_mapped or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))
