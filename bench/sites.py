"""The sites that everything is measured with, in folders that servers and commands start in."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.filling import fill
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import load

SMALL, LARGE = 100, 100_000
DESK_POSTS, DESK_THOUGHTS = 2_000, 20_000
DISCUSSED, THOUGHTS, ON_NEWEST = 2_000, 65_000, 5_000  # posts, thoughts on all of them, and on the newest
# How the commit of `bench.before` makes a site of its own.
_MAKE = "import sys; from pathlib import Path; from bench import sites; sites._made(Path(sys.argv[1]), sites.SMALL)"


@dataclass(frozen=True, slots=True)
class Site:
    """A site with `posts` posts; the newest is `post-N`."""

    folder: Path
    posts: int

    @property
    def newest(self) -> str:
        return f"/posts/post-{self.posts}"

    @property
    def database(self) -> Path:
        return self.folder / "var" / "feedserver.sqlite3"

    @contextmanager
    def opened(self, **environ: str) -> Iterator[WebServices]:
        """Its services in this process, with further settings."""
        services = WebServices(replace(load(environ), data_dir=self.folder / "var"))
        try:
            yield services
        finally:
            services.waiting_slots.close()
            services.database.close()


class Both:
    """The small and the large site, with ten thoughts on the newest post and as many thoughts as posts, one for the
    desk, and one that is much discussed; each is made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def small(self) -> Site:
        return made(self.folder / "small", SMALL)

    @cached_property
    def large(self) -> Site:
        return made(self.folder / "large", LARGE)

    @cached_property
    def desk(self) -> Site:
        return made(self.folder / "desk", DESK_POSTS, DESK_THOUGHTS)

    @cached_property
    def discussed(self) -> Site:
        return made(self.folder / "discussed", DISCUSSED, THOUGHTS, ON_NEWEST)


@contextmanager
def both() -> Iterator[Both]:
    """The sites, in a folder that is deleted afterwards."""
    with TemporaryDirectory(prefix="feedserver-bench-") as name:
        yield Both(Path(name))


def made_by(tree: Path, folder: Path) -> Site:
    """A small site, made by the code of another checkout."""
    subprocess.run([sys.executable, "-c", _MAKE, str(folder)], cwd=tree, check=True, timeout=60)
    return Site(folder, SMALL)


def made(folder: Path, posts: int, *thoughts: int) -> Site:
    """A new site; `thoughts` as in `filling.fill`."""
    site = Site(folder, posts)
    (folder / "var").mkdir(parents=True)
    with site.opened() as services:
        init(services, example=False)
        fill(services, posts, *thoughts)
    return site
