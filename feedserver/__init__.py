"""feedserver: an author's posts as feeds, and what other blogs write about them."""

from importlib.metadata import version

__version__ = version("feedserver")
