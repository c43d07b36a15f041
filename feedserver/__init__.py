"""feedserver: an author's posts as feeds, and what other blogs write about them."""

__version__: str


def __getattr__(name: str) -> str:
    """Reads `__version__` from the installed package when it is asked for: importing takes no time."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("feedserver")
