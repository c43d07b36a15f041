"""The `feedserver` program: nouns, then verbs (INTERFACE section 1).

Exit 0 = done, 1 = refused or not found (one line on standard error that says what to do), 2 = wrong usage.
"""

import logging
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from feedserver.cli import operating, posting, serving, thinking
from feedserver.cli.arguments import parser
from feedserver.errors import FeedserverError, SettingsError
from feedserver.storage.engine import explain


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    commands = parser([operating.add_commands, serving.add_commands, posting.add_commands, thinking.add_commands])
    chosen = commands.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return int(chosen.run(chosen) or 0)
    except SettingsError as error:
        return _refused(*error.faults)
    except FeedserverError as error:
        return _refused(str(error))
    except DBAPIError as error:
        return _refused(explain(error))
    except OSError as error:
        return _refused(f"{error.filename or 'input or output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 130


def _refused(*lines: str) -> int:
    for line in lines:
        print(f"feedserver: {line}", file=sys.stderr)
    return 1
