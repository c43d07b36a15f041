"""What the limits a minute become that were counted under an older release."""

from sqlalchemy import text

from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.storage.rate_limits import Limit
from tests.support.outside import Clock
from tests.support.upgrading import upgrade_to


def test_a_site_with_counters_is_upgraded_and_counts_anew(empty_database_url: str, clock: Clock) -> None:
    database = Database(empty_database_url)
    upgrade_to(database, "1014")
    with database.write() as connection:
        connection.execute(text("""INSERT INTO rate_limits (bucket, "window", count) VALUES ('a', 29549040, 1)"""))

    upgrade_to(database, "head")

    with database.write() as connection:
        refusals = [rate_limits.take(connection, [Limit("a", 1)], clock()) for _ in range(2)]
    assert [refusal is not None for refusal in refusals] == [False, True]
    database.close()
