"""Attempts to make the server connect to forbidden addresses: spellings of hosts, names, redirects."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from feedserver.storage.engine import Database
from tests.hostile.forbidden import Forbidden
from tests.support.pinging import HEADERS, fault_text, ping_body, read_answer
from tests.support.serving import Blog, Site, free_port, request

PROGRAM = Path(__file__).with_name("with_names.py")
FORBIDDEN = ("127.0.0.1", "127.0.3.1", "127.1.2.3", "::1")

# Hosts that are 127.0.0.1, or that some parser takes for it.
SPELLINGS = {
    "plain": "127.0.0.1",
    "decimal": "2130706433",
    "decimal, wrapped round": "6425673729",
    "hexadecimal": "0x7f000001",
    "hexadecimal, dotted": "0x7f.0.0.1",
    "octal": "0177.0.0.1",
    "octal with more zeros": "0000177.0.0.01",
    "short": "127.1",
    "three parts": "127.0.1",
    "zero": "0",
    "unspecified": "0.0.0.0",
    "trailing dot": "127.0.0.1.",
    "percent-encoded": "127.0.0.%31",
    "full width": "１２７.０.０.１",
    "circled": "①②⑦.⓪.⓪.①",
    "ideographic dots": "127。0。0。1",
    "IPv6": "[::1]",
    "IPv6 in full": "[0:0:0:0:0:0:0:1]",
    "IPv6 unspecified": "[::]",
    "v4-mapped": "[::ffff:127.0.0.1]",
    "v4-mapped, hexadecimal": "[::ffff:7f00:1]",
    "v4-compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "6to4": "[2002:7f00:1::1]",
    "with a zone": "[::1%25lo]",
    "name": "localhost",
    "name in capitals": "LOCALHOST",
    "name with a dot": "localhost.",
    "name with two": "localhost..",
    "below the name": "a.localhost",
    "userinfo": "127.0.2.1@127.0.0.1",
    "userinfo with a port": "127.0.2.1:80@127.0.0.1",
    "backslash": "127.0.0.1\\@127.0.2.1",
    "hash": "127.0.0.1#@127.0.2.1",
    "tab": "127.0.0.\t1",
    "link-local": "169.254.169.254",
}
# Names, and the answers of their resolver, one after the other.
NAMES = {
    "inside.example": [["127.0.0.1"]],
    "beside.example": [["127.0.3.1"]],
    "six.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "mixed.example": [["127.0.2.1", "127.0.0.1"]],
    "mixed-first.example": [["127.0.0.1", "127.0.2.1"]],
    "mixed-six.example": [["127.0.2.1", "::1"]],
    "many.example": [["127.0.2.1"] * 9 + ["127.0.0.1"]],
    "rebinding.example": [["127.0.2.1"], ["127.0.0.1"]],
    "no-such.example": [[]],
}
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Trick:
    """One attempt: the source that is pinged."""

    name: str
    source: str


@dataclass(frozen=True)
class PingAnswer:
    """What the sender of a trick got: a fault code and its text without the receipt, or a string."""

    code: int | None
    text: str


class Network:
    """A running site, another blog that redirects, and listeners on forbidden addresses, all on one port."""

    def __init__(self, site: Site, blog: Blog, listeners: list[Forbidden]) -> None:
        self.site, self.blog, self.listeners = site, blog, listeners
        self.port = listeners[0].port
        self.database = Database(site.environ["FEEDSERVER_DATABASE_URL"])

    def tricks(self) -> list[Trick]:
        """All tricks, each with a source of its own."""
        hosts = SPELLINGS | {f"name {name}": name for name in NAMES} | {host: host for host in self._forbidden_hosts()}
        plain = [
            Trick(f"{scheme}, {name}", f"{scheme}://{host}:{self.port}/{number}")
            for scheme in ("http", "https")
            for number, (name, host) in enumerate(hosts.items())
        ]
        redirects = [
            self._redirect(f"redirect {REDIRECTS[number % 5]}, {name}", f"http://{host}:{self.port}/", number)
            for number, (name, host) in enumerate(hosts.items())
        ]
        around = f"//inside.example:{self.port}/"
        redirects.append(self._redirect("redirect without a scheme", around, 0))
        redirects.append(self._redirect("redirect to a redirect", self._redirect("", f"http:{around}", 0).source, 0))
        again = f"http://rebinding.example:{self.port}/"
        return [*plain, *redirects, Trick("rebinding, asked again", again), Trick("rebinding, once more", again + "?2")]

    def ping(self, source: str) -> PingAnswer:
        target = f"{self.site.url}/posts/hello"
        body = ping_body(source, target)
        _, _, answer = request(f"{self.site.url}/pingback", body=body, headers=HEADERS)
        found = read_answer(answer)
        if isinstance(found, int):
            return PingAnswer(found, fault_text(answer).partition(". http")[0])
        return PingAnswer(None, str(found))

    def subscribe(self, callback: str, topic: str) -> int:
        """Subscribes a callback; returns the status of the answer."""
        fields = {"hub.mode": "subscribe", "hub.topic": self.site.url + topic, "hub.callback": callback}
        return request(f"{self.site.url}/hub", body=urlencode(fields).encode())[0]

    def connections(self) -> int:
        return sum(listener.connections() for listener in self.listeners)

    def _forbidden_hosts(self) -> list[str]:
        return [f"[{each.address}]" if ":" in each.address else each.address for each in self.listeners]

    def _redirect(self, name: str, location: str, number: int) -> Trick:
        path = f"/{len(self.blog.pages)}"
        source = self.blog.put(path, b"", status=REDIRECTS[number % 5], headers={"Location": location})
        return Trick(name, source)


@contextmanager
def running_network(folder: Path) -> Iterator[Network]:
    """Starts a site that allows 127.0.2.0/24 and every port, with a resolver that knows NAMES."""
    names = folder / "names.json"
    names.write_text(json.dumps(NAMES), "utf-8")
    environ = {
        "HOSTILE_NAMES": str(names),
        "FEEDSERVER_DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "PYTHONPATH": str(PROGRAM.parents[2]),
        "FEEDSERVER_LIMITS_SENDER": "10000",
        "FEEDSERVER_LIMITS_HOST": "10000",
        "FEEDSERVER_PINGBACK_WAIT": "5",
    }
    with ExitStack() as stack:
        listeners = list(_listeners())
        for listener in listeners:
            stack.callback(listener.close)
        blog = Blog()
        stack.callback(blog.close)
        site = Site(folder, free_port(), environ, [sys.executable, str(PROGRAM)])
        site.start(workers=1)
        stack.callback(site.stop)
        net = Network(site, blog, listeners)
        stack.callback(net.database.close)
        yield net


def _listeners() -> Iterator[Forbidden]:
    """A listener for each forbidden address that this machine has, all on one port."""
    first = Forbidden("127.0.0.1")
    yield first
    for address in FORBIDDEN:
        if address != first.address:
            try:
                yield Forbidden(address, first.port)
            except OSError:  # there is no IPv6, or only 127.0.0.1 is configured
                continue
