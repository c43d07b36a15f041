"""`python -m feedserver`, and the program `feedserver`."""

import sys


def main() -> int:
    """Runs the command line. An interrupt ends it quietly, also while its modules are imported."""
    try:
        from feedserver.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
