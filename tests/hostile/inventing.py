"""Counts the rows that one network leaves in the tables of readers with any number of invented User-Agents."""

from pathlib import Path

from sqlalchemy import func, select

from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.storage.schema import reader_counts, reader_days, reader_hashes, reader_keys

_TABLES = (reader_days, reader_hashes, reader_keys, reader_counts)
_OF_A_WRITE = 5_000
_LETTERS = str.maketrans("0123456789", "abcdefghij")  # digits would be a version


def invent(folder: Path, agents: int) -> int:
    """Requests by `agents` User-Agents from one address, each with a name of its own; returns the rows."""
    services = WebServices(Settings(data_dir=folder))
    init(services, example=False)
    for number in range(agents):
        name = f"Reader{str(number).translate(_LETTERS)}"
        services.readership.count(f"{name}/1.0 ({number} subscribers)", "192.0.2.1", "site/.rss", 200, 1_000)
        if number % _OF_A_WRITE == 0:
            services.readership.write()
    services.readership.write()
    found = rows(services.database)
    services.database.close()
    return found


def rows(database: Database) -> int:
    with database.read() as connection:
        return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _TABLES)
