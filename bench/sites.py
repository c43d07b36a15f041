"""The two sites that everything is measured with, small and large, in folders that servers and commands start in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.filling import fill
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import Settings, load

SMALL, LARGE = 100, 100_000


@dataclass(frozen=True, slots=True)
class Site:
    """A site with `posts` posts, and as many thoughts; ten of them on the newest post, `post-N`."""

    folder: Path
    posts: int

    @property
    def newest(self) -> str:
        return f"/posts/post-{self.posts}"

    def settings(self) -> Settings:
        return replace(load({}), data_dir=self.folder / "var")

    def services(self) -> WebServices:
        """The parts of it in this process, with the address of no server."""
        return WebServices(self.settings())

    @contextmanager
    def opened(self) -> Iterator[WebServices]:
        services = self.services()
        try:
            yield services
        finally:
            services.waiting_slots.close()
            services.changes.close()
            services.database.close()


@contextmanager
def both(large: int = LARGE) -> Iterator[tuple[Site, Site]]:
    """A small site and a large one, in a folder that is deleted afterwards."""
    with TemporaryDirectory(prefix="feedserver-bench-") as name:
        yield _made(Path(name, "small"), SMALL), _made(Path(name, "large"), large)


def _made(folder: Path, posts: int) -> Site:
    site = Site(folder, posts)
    (folder / "var").mkdir(parents=True)
    with site.opened() as services:
        init(services, example=False)
        fill(services, posts)
    return site
