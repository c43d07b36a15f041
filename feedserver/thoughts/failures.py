"""What failed while a ping was received: the database, or the program. The operator reads it in the log."""

import logging

from feedserver.storage.explaining import DATABASE_UNAVAILABLE, is_outage

_log = logging.getLogger(__name__)


def is_unavailable(error: Exception) -> bool:
    """Whether an unexpected error is of the database, so that the sender may try again; else it is a mistake of ours.

    Called where `error` is handled. Of an outage the log tells already, of everything else it does now.
    """
    if is_outage(error):
        return True
    _log.exception("a ping could not be received")
    return isinstance(error, DATABASE_UNAVAILABLE)
