"""Measures what hostile sources and request bodies cost, each case in a process of its own.

    python -m tests.hostile.measure [SECONDS]

prints a line of JSON for each case. A fetch may take SECONDS (default 10, like `egress.timeout`).
"""

import json
import os
import signal
import ssl
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from http.client import HTTPResponse
from ipaddress import ip_network
from pathlib import Path
from typing import IO
from unittest import mock

from feedserver import xmlrpc
from feedserver.clock import utc_now
from feedserver.installation import init
from feedserver.net import exchange
from feedserver.net import fetch as fetching
from feedserver.net.body import Body, read_body
from feedserver.net.guarded_socket import GuardedSocket
from feedserver.posts import store as posts
from feedserver.sending.answers import Answer, Endpoint
from feedserver.sending.discovery import discover
from feedserver.sending.pingback import send_pingback
from feedserver.sending.posting import PATIENCE
from feedserver.sending.webmention import send_webmention
from feedserver.services import WebServices, egress_policy
from feedserver.settings import EgressSettings, Settings, SiteSettings
from feedserver.text import shorten, strangers_line
from feedserver.thoughts import store
from feedserver.thoughts.verification.inspect import Inspection, Inspector
from tests.hostile.answers import BROKEN, CUT_SHORT, TOO_LATE, TOO_LONG
from tests.hostile.authority import Authority
from tests.hostile.bodies import BODIES
from tests.hostile.pages import PAGES
from tests.hostile.server import PAGE, Server

SITE = "http://blog.example"
POSTS = 200
GROUPS = {"late": TOO_LATE, "broken": BROKEN, "cut": CUT_SHORT, "long": TOO_LONG, "page": PAGES}
TLS = ("self-signed", "expired", "wrong name")
ASKED = ("target", "webmention", "pingback")  # a page that a post links to, and endpoints of both protocols


@dataclass(frozen=True)
class Cost:
    """What one case cost: seconds of CPU, bytes of memory, seconds, bytes received and of body, decompressed."""

    group: str
    name: str
    outcome: str
    cpu: float
    memory: int
    seconds: float
    taken: int
    body: int


def measure(seconds: float, groups: Sequence[str] = (*GROUPS, "tls", "xml"), *, asked: bool = False) -> list[Cost]:
    """Measures every case of these groups; `asked`: also as what we tell of a post (`ASKED`)."""
    with tempfile.TemporaryDirectory() as folder, _hostile_server(Path(folder)) as urls:
        pinging = [url for name, url in urls.items() if "200 posts" in name]
        services = hostile_site(Path(folder), seconds, pinging)
        trust = Authority.trusted_in(Path(folder) / "tls")
        guarded = partial(fetching.fetch, policy=egress_policy(services.settings), tls=trust)
        inspector = Inspector(services.database, services.urls, "A blog", guarded)
        inspector.inspect(urls["plain"], None, None, utc_now())  # loads modules, which belongs to no case
        shorten(strangers_line("\u0301" * 99, 99), 9)  # likewise
        services.database.close()
        cases: dict[tuple[str, str], Callable[[], str]] = {}
        for key, url in urls.items():
            group, _, name = key.partition(": ")
            if group in groups:
                cases[group, name] = partial(_inspected, inspector, url)
            for role in ASKED if asked and group in groups else ():
                cases[role, f"{group}: {name}"] = partial(_asked, role, services, trust, url)
        for name, body in BODIES.items() if "xml" in groups else ():
            cases["xml", name] = partial(_parsed, body)
        late = {key: case for key, case in cases.items() if key[0] == "late" or key[1].startswith("late: ")}
        rest = {key: case for key, case in cases.items() if key not in late}
        return [*_run(rest, os.cpu_count() or 1), *_run(late, max(1, len(late)))]


def _inspected(inspector: Inspector, url: str) -> str:
    inspection: Inspection = inspector.inspect(url, "192.0.2.1", None, utc_now())
    found = inspection.findings.mentions
    return f"{inspection.summary}; {len(found)} posts" if found else inspection.summary


def _asked(role: str, services: WebServices, trust: ssl.SSLContext, url: str) -> str:
    """Looks for an endpoint at `url`, or sends a ping to it."""
    egress, urls, now = services.settings.egress, services.urls, utc_now()
    guarded = partial(exchange.exchange, policy=egress_policy(services.settings), tls=trust)
    if role == "target":
        found = discover(guarded, url, urls, now)
    else:
        send = send_webmention if role == "webmention" else send_pingback
        endpoint, timeout = Endpoint("webmention", url, ""), egress.timeout * PATIENCE
        found = send(guarded, endpoint, f"{SITE}/posts/post-1", url, urls, now, timeout=timeout)
    return f"{found.meaning}: {found.detail}" if isinstance(found, Answer) else f"an endpoint: {found.url}"


def _parsed(body: bytes) -> str:
    try:
        call = xmlrpc.parse(body)
    except xmlrpc.XmlRpcError as error:
        return f"fault {error.code}"
    return "a call that no method takes" if call.method == "x" else "a call"


# --- one process for each ---


def _run(cases: dict[tuple[str, str], Callable[[], str]], at_once: int) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory() as folder:
        running: dict[int, Path] = {}
        for number, ((group, name), case) in enumerate(cases.items()):
            if len(running) >= at_once:
                yield _ended(running)
            result = Path(folder) / str(number)
            if (child := os.fork()) == 0:
                _measure_here(group, name, case, result)
            running[child] = result
        while running:
            yield _ended(running)


def _ended(running: dict[int, Path]) -> Cost:
    child, status = os.wait()
    while child not in running:
        child, status = os.wait()
    result = running.pop(child)
    if status:
        raise SystemExit(f"a case ended with {status}: {result.read_text() if result.exists() else 'nothing'}")
    return Cost(**json.loads(result.read_text()))


def _measure_here(group: str, name: str, case: Callable[[], str], result: Path) -> None:
    """Runs the case in this process, and ends it."""
    status = 1
    try:
        taken, body = _count_bytes()
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        begun, worked = time.monotonic(), time.process_time()
        outcome = case()
        worked, took = time.process_time() - worked, time.monotonic() - begun
        peak = max(0, _memory("VmHWM") - before)
        cost = Cost(group, name, outcome, round(worked, 4), peak, round(took, 3), sum(taken), sum(body))
        result.write_text(json.dumps(asdict(cost)))
        status = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(status)


def _count_bytes() -> tuple[list[int], list[int]]:
    taken: list[int] = []
    body: list[int] = []
    receive = GuardedSocket.receive

    def counted(self: GuardedSocket, size: int) -> bytes:
        data = receive(self, size)
        taken.append(len(data))
        return data

    def measured(answer: HTTPResponse, max_bytes: int, into: IO[bytes] | None) -> Body:
        found = read_body(answer, max_bytes, into)
        body.append(len(found.data))
        return found

    mock.patch.object(GuardedSocket, "receive", counted).start()
    mock.patch.object(exchange, "read_body", measured).start()
    return taken, body


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])


# --- the site and its hostile sources ---


def hostile_site(folder: Path, seconds: float, pinging: list[str]) -> WebServices:
    """A site with posts that the hostile pages link to, and that these pages have pinged. Fetches take `seconds`."""
    egress = EgressSettings(allow=(ip_network("127.0.2.0/24"),), ports=None, timeout=seconds)
    services = WebServices(Settings(data_dir=folder, site=SiteSettings(url=SITE), egress=egress))
    init(services, example=False)
    for number in range(POSTS):
        document = f"---\ntitle: Post\nslug: post-{number}\n---\nWords.\n"
        services.publisher.add(services.publisher.read(document.encode()), utc_now())
    _ping_all(services, pinging)
    return services


def _ping_all(services: WebServices, pages: list[str]) -> None:
    """Pings every post from each page, so that the excerpt around each link is extracted."""
    with services.database.write() as connection:
        for number in range(POSTS):
            post = posts.by_slug(connection, f"post-{number}")
            assert post is not None, "it was just published"
            for page in pages:
                store.add_ping(
                    connection,
                    post_id=post.id,
                    post_slug=post.slug,
                    source=page,
                    source_key=page,
                    target=services.urls.post(post.slug),
                    host="127.0.2.1",
                    sender="",
                    now=utc_now(),
                )


@contextmanager
def _hostile_server(folder: Path) -> Iterator[dict[str, str]]:
    """The URL of each case by `GROUP: NAME`, served by a process of its own."""
    out, into = os.pipe()
    if (child := os.fork()) == 0:
        os.close(out)
        _serve(folder, into)
    os.close(into)
    with open(out, encoding="utf-8") as lines:
        urls = json.loads(lines.readline())
        try:
            yield urls
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _serve(folder: Path, into: int) -> None:
    cases = [(group, name) for group, named in GROUPS.items() for name in named]

    def answer(request: bytes) -> object:
        number = request.split(b" ")[1].rpartition(b"/")[2]
        if not number.isdigit():
            return PAGE
        group, name = cases[int(number)]
        found = GROUPS[group][name]
        if group == "page":
            text = found.replace("{post}", f"{SITE}/posts/post").replace("{site}", SITE)
            return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + text.encode("utf-8", "replace")[:1_048_576]
        return found(request) if callable(found) else found

    server = Server(answer)
    base = server.url.rpartition("/")[0]
    urls = {f"{group}: {name}": f"{base}/{number}" for number, (group, name) in enumerate(cases)}
    authority = Authority(folder / "tls")
    contexts = [
        authority.self_signed("self", "IP:127.0.2.1"),
        authority.expired("expired", "IP:127.0.2.1"),
        authority.server("other", "DNS:other.example"),
    ]
    urls |= {f"tls: {name}": Server(PAGE, tls=context).url for name, context in zip(TLS, contexts, strict=True)}
    os.write(into, (json.dumps(urls | {"plain": f"{base}/plain"}) + "\n").encode())
    signal.pause()


def main() -> None:
    for cost in measure(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0):
        sys.stdout.write(json.dumps(asdict(cost)) + "\n")


if __name__ == "__main__":
    main()
