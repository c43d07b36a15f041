"""SQL that all engines of one test process compile once: to compile it anew for each took a fifth of a run."""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.sql.compiler import Compiled

_MOST = 4_000  # statements


class _ByDialectName(dict[tuple[Any, ...], Compiled]):
    """Keys begin with the dialect, of which each engine has its own; here all with one name are the same."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Compiled) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__((key[0].name, *key[1:]), compiled)


_compiled = _ByDialectName()


def share() -> None:
    """From now on all connections of this process share what they compile."""
    event.listen(Engine, "engine_connect", _use)


def _use(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)
