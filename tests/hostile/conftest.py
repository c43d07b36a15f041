"""Leaves out what has its short form elsewhere."""

from tests.support.serving import LONG

collect_ignore = [] if LONG else ["test_silent.py"]  # short: tests/storage/test_silent_server.py
