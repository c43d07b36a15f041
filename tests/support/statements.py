"""The SQL that is sent to a database."""

from sqlalchemy import Engine, event


def record_statements(engine: Engine) -> list[str]:
    """The statements that an engine sends from now on, in a list that grows."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    return sent
