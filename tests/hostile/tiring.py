"""What one network of senders can take of a site: CPU by naming pages that are dear to read, and places that wait."""

import os
import threading
import time
from itertools import count
from pathlib import Path

from feedserver.errors import TooMuchWaiting
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import LimitsSettings, PingbackSettings, Settings
from tests.hostile.pages import PAGES
from tests.support.pinging import HEADERS, ping_body
from tests.support.serving import Blog, Site, request, running_site

_DEAR = PAGES["links to 200 posts after paragraphs"]
_POSTS = 200
_HOSTS = 16
_SENDERS = 4  # addresses of the network, each with `limits.sender` pings a minute


def tire(folder: Path, seconds: float) -> tuple[int, float]:
    """Names dear pages of many hosts from one network for some seconds, as fast as its limits allow.

    Returns how many pings were sent, and the CPU seconds of the whole server, two processes.
    """
    blogs = [Blog(f"127.0.2.{100 + number}") for number in range(_HOSTS)]
    with running_site(folder, workers=2) as site:
        _publish(site)
        before, sent, end = _cpu_of(site), count(), time.monotonic() + seconds

        def send(sender: str) -> None:
            while time.monotonic() < end:
                number = next(sent)
                page = _DEAR.replace("{post}", f"{site.url}/posts/post")
                source = blogs[number % _HOSTS].put(f"/{number}", page)
                headers = HEADERS | {"X-Forwarded-For": sender}
                request(f"{site.url}/pingback", body=ping_body(source, f"{site.url}/posts/post-0"), headers=headers)
                time.sleep(60 / LimitsSettings().sender)

        threads = [threading.Thread(target=send, args=(f"203.0.113.{number}",)) for number in range(_SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = _cpu_of(site) - before
    for blog in blogs:
        blog.close()
    return next(sent), taken


def crowd(folder: Path, addresses: int, waiting: int) -> int:
    """Pings new sources from many addresses of one network, all at one moment; returns how many of them may wait."""
    settings = Settings(data_dir=folder, limits=LimitsSettings(waiting=waiting), pingback=PingbackSettings(places=0))
    services = WebServices(settings)
    init(services, example=True)
    accepted = 0
    for number in range(addresses * settings.limits.sender):
        source, sender = f"http://host{number}.example/", f"203.0.113.{number % addresses}"
        try:
            services.receiver.receive(source, services.urls.post("hello"), sender)
        except TooMuchWaiting:
            break
        accepted += 1
    services.waiting_slots.close()
    services.database.close()
    return accepted


def _publish(site: Site) -> None:
    names = [f"{number}.md" for number in range(_POSTS)]
    for number, name in enumerate(names):
        (site.folder / name).write_text(f"---\ntitle: Post\nslug: post-{number}\n---\nWords.\n", "utf-8")
    site.command("post", "add", *names)


def _cpu_of(site: Site) -> float:
    """The CPU seconds that the server's processes have taken."""
    assert site.process is not None
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[2]) == site.process.pid:  # the process group
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
