"""Measures feedserver beside its rivals (`make bench`): the least code that gives the same answers."""
