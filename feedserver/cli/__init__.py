"""The `feedserver` program (docs/interface.md, “Commands”). `main` is all that it imports at once."""

import gc
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status. `arguments` are those of the process by default.

    An interrupt ends it quietly, also while its modules are imported.
    """
    gc.disable()  # what is imported stays: to look through it again and again took a tenth of a short command
    try:
        from feedserver.cli.program import run

        gc.freeze()
        gc.enable()
        return run(arguments)
    except KeyboardInterrupt:
        return 130
