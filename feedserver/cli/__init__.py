"""The `feedserver` program (docs/interface.md, “Commands”). `main` is all that it imports at once."""

import gc
from collections.abc import Callable, Sequence
from functools import cache


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status. `arguments` are those of the process by default.

    An interrupt ends it quietly, also while its modules are imported.
    """
    try:
        return _program()(arguments)
    except KeyboardInterrupt:
        return 130


@cache
def _program() -> Callable[[Sequence[str] | None], int]:
    """Imports the program. What is imported stays: to look through it for garbage took a tenth of a short command."""
    gc.disable()
    from feedserver.cli.program import run

    gc.freeze()
    gc.enable()
    return run
