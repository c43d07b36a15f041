"""Connections to PostgreSQL that do not wait for ever: a server that is stopped or hangs is silent, and no timeout of
TCP ends the wait, as its system still answers. Imported only where the driver is installed."""

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class ImpatientConnection(psycopg.Connection[Any]):
    """Ends itself when the server has not answered a statement in `answer_seconds`."""

    answer_seconds = 10.0

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **named: Any) -> T:
        """As psycopg's, which resumes `gen` whenever the server has sent something, and ten times a second."""
        return super().wait(self._in_time(gen), *arguments, **named)

    def _in_time(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        deadline = monotonic() + self.answer_seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError(f"the server has not answered for {self.answer_seconds:g} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result
