"""Databases of older releases, for tests of migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from feedserver.storage import migrate
from feedserver.storage.engine import Database


def upgrade_to(database: Database, revision: str) -> None:
    """Migrates to the schema of an older release, or to “head”."""
    with migrate.exclusive(database), database.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
        command.upgrade(config, revision)
