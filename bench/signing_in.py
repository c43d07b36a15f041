"""A storm of sign-ins beside a reader of the feed: what waits for hashes of passwords is to keep nobody waiting."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context
from statistics import median
from urllib.parse import urlencode

from bench import servers
from bench.figures import Figure, number
from bench.loading import p95_while
from bench.sites import Both
from tests.support.serving import request

_GROUP = "a storm of sign-ins"
_A_SECOND = 50
_SECONDS = 5.0
_ROUNDS = 3
_AT_ONCE = 200  # more than can wait in two processes


def measure(both: Both) -> list[Figure]:
    with both.small.opened() as services:
        services.accounts.add("ann")
    idle: list[float] = []
    stormy: list[float] = []
    with servers.feedserver(both.small.folder, workers=2) as running:
        for _ in range(_ROUNDS):
            idle.append(p95_while(running.url, lambda: time.sleep(_SECONDS))[0])
            stormy.append(p95_while(running.url, lambda: _storm(running.url))[0])
    ratio = median(stormy) / median(idle)
    note = f"{number(median(stormy) * 1000)} : {number(median(idle) * 1000)} ms, fifty requests a second"
    return [Figure(_GROUP, "p95 of the feed meanwhile, of an idle machine's", ratio, "×", most=2, note=note)]


def _storm(url: str) -> None:
    """From a process of its own, so that the reader of this one does not wait for it."""
    process = get_context("spawn").Process(target=send, args=(url, _SECONDS))
    process.start()
    process.join()
    assert process.exitcode == 0


def send(url: str, seconds: float) -> Counter[int]:
    """Sends wrong passwords at an even rate, whatever becomes of them; how many answers had which status."""
    began, numbers = time.monotonic(), count()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sent = []
        while (number := next(numbers)) < seconds * _A_SECOND:
            time.sleep(max(0.0, began + number / _A_SECOND - time.monotonic()))
            sent.append(pool.submit(_sign_in, url, number))
    return Counter(one.result() for one in sent)


def _sign_in(url: str, number: int) -> int:
    name = "ann" if number % 5 == 0 else f"somebody {number}"
    address = f"198.18.{number // 250 % 250}.{number % 250}"  # loopback is a trusted proxy
    body = urlencode({"name": name, "password": "not the password"}).encode()
    return request(f"{url}/desk/sign-in", body=body, headers={"X-Forwarded-For": address})[0]
