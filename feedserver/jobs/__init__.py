"""Stored jobs: written in the transaction of the change that causes them, run at least once."""
