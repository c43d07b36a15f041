"""feedserver: an author's posts as feeds, and the thoughts of other blogs on them."""

from importlib.metadata import version

__version__ = version("feedserver")
