"""A site behind Debian's nginx with config/nginx.conf, as the world sees it."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from feedserver.services import WebServices
from feedserver.settings import Settings, SiteSettings
from tests.posts import builders
from tests.support.proxy import Nginx
from tests.support.serving import Site, free_port, request

Answer = tuple[int, dict[str, str], bytes]
WORKERS, THREADS = 2, 4
# A test can be a client at any address, which it says in this header.
_ANY_CLIENT = "set_real_ip_from 127.0.0.0/8; real_ip_header X-Test-Address;"


class Front:
    """A site as clients reach it: through nginx. `site` is the server behind."""

    def __init__(self, nginx: Nginx, site: Site) -> None:
        self.nginx = nginx
        self.site = site
        self.author = WebServices(Settings(data_dir=site.folder / "var", site=SiteSettings(url=nginx.url)))

    def get(self, path: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self.nginx.url + path, headers=named)

    def from_cache(self, path: str, **headers: str) -> Answer:
        """The answer to one of several requests that nginx gave by itself."""
        for _ in range(200):
            answer = self.get(path, **headers)
            if answer[1].get("x-cache") == "HIT":  # “UPDATING” may come from before the last answer
                return answer
        raise AssertionError(f"nginx never answered {path} by itself: {answer[:2]}")

    def cached(self) -> list[Path]:
        """The files of its cache."""
        return [path for path in self.nginx.cache.rglob("*") if path.is_file()]

    def refusals(self) -> int:
        """How often a server behind has refused nginx's connection."""
        return self.nginx.error_log.read_text("utf-8").count("Connection refused")

    def publish(self, title: str, **fields: str) -> str:
        """Publishes a post from another process than the site's, as the command line does; returns its path."""
        return f"/posts/{builders.publish(self.author, title, **fields).slug}"


@contextmanager
def running_front(folder: Path, *, tried_first: str = "") -> Iterator[Front]:
    """nginx in front of a site, both ready; `tried_first` is as `Nginx` takes it."""
    port = free_port()
    environ = {"FEEDSERVER_SITE_URL": f"http://127.0.0.1:{port}"}
    for name in ("site", "nginx"):
        (folder / name).mkdir()
    site = Site(folder / "site", free_port(), environ)
    nginx = Nginx(folder / "nginx", site.port, port, tried_first=tried_first, also=_ANY_CLIENT)
    with ExitStack() as stack:
        stack.enter_context(nginx.running())
        site.start(WORKERS, THREADS)
        stack.callback(lambda: site.process and site.stop(signal.SIGKILL))
        front = Front(nginx, site)
        stack.callback(front.author.database.close)
        yield front
