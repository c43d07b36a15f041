"""No source or host is flooded with requests, by many pings, several processes, and redirects together."""

import threading
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network

import pytest

from feedserver.net import guarded_socket
from feedserver.net.connection import Policy
from feedserver.net.fetch import fetch
from feedserver.services import WebServices, egress_policy
from feedserver.settings import Settings
from feedserver.thoughts.verification.fetch_budget import HOSTS_AT_FULL_RATE
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.serving import Blog
from tests.support.waiting import SECONDS
from tests.thoughts.site import Site, SlowWeb, changed, linking

SOURCE = "http://victim.example/page"


@pytest.fixture
def web() -> SlowWeb:
    return SlowWeb()


@pytest.fixture
def processes(settings: Settings, assemble: Assemble, clock: Clock, web: SlowWeb) -> Callable[..., list[Site]]:
    """Two processes of one site: `processes(limits_host=3)`."""

    def make(**values: object) -> list[Site]:
        chosen = changed(settings, **({"pingback_wait": SECONDS, "limits_sender": 10_000} | values))
        return [Site(assemble(chosen), clock, web) for _ in range(2)]

    return make


def race(*operations: Callable[[], object]) -> None:
    """Runs all at once, in a thread each."""
    start = threading.Barrier(len(operations))

    def run(operation: Callable[[], object]) -> None:
        start.wait(SECONDS)
        operation()

    threads = [threading.Thread(target=run, args=(operation,)) for operation in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SECONDS)
        assert not thread.is_alive()


def test_one_source_is_fetched_once_however_many_pings_name_it_in_however_many_processes(
    processes: Callable[..., list[Site]], clock: Clock, web: SlowWeb
) -> None:
    sites = processes()
    targets = [sites[0].url(sites[0].publish(f"Post {number}")) for number in range(4)]
    web.put(SOURCE, "".join(linking(target, before=f"Of {target} ") for target in targets[:3]))

    def pester(site: Site, number: int) -> None:
        for target in targets:
            site.ping(f"{SOURCE}#{number}", target)
        site.run_jobs()

    for _ in range(3):
        race(*[partial(pester, sites[number % 2], number) for number in range(6)])
        clock.move(seconds=99)
    assert web.fetched == [SOURCE]

    clock.move(seconds=10)
    race(*[partial(pester, site, 0) for site in sites])
    assert web.fetched == [SOURCE] * 2, "after limits.refetch it may be fetched once more"
    # The fourth has no link: it is rejected, or was pinged again after that fetch and waits for the next one.
    assert sites[0].states()[1:] == ["shown", "shown", "shown"]


def test_all_processes_together_request_from_a_host_what_its_budget_allows(
    processes: Callable[..., list[Site]], web: SlowWeb
) -> None:
    sites = processes(limits_host=5)
    target = sites[0].url(sites[0].publish())

    def pester(site: Site, name: str) -> None:
        for number in range(6):
            source = web.put(f"http://{name}{number}.victim.example/?{name}{number}", linking(target))
            site.ping(source, target)
        site.run_jobs()

    race(*[partial(pester, sites[number % 2], "abcd"[number]) for number in range(4)])

    assert len(web.fetched) == 5


def test_requests_to_all_hosts_together_stay_within_the_budget_of_the_site(
    processes: Callable[..., list[Site]], web: SlowWeb, clock: Clock
) -> None:
    sites = processes(limits_host=1)
    target = sites[0].url(sites[0].publish())
    sources = [web.put(f"http://host{number}.example/", linking(target)) for number in range(HOSTS_AT_FULL_RATE + 9)]

    race(*[partial(_ping_each, site, sources[number::2], target) for number, site in enumerate(sites)])
    assert len(web.fetched) == HOSTS_AT_FULL_RATE

    for _ in range(4):
        clock.move(seconds=60)
        sites[0].run_jobs()
    assert sites[0].states() == ["shown"] * len(sources), "postponed pings are not refused"


def test_redirects_are_counted_in_the_budget_of_the_host_they_lead_to(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many sources of many hosts that lead to one victim, and one source that leads to itself again and again."""
    # Late in a long run a garbage collection can take a quarter of a second of CPU, and so end the fetch it interrupts.
    monkeypatch.setattr(guarded_socket, "MAX_CPU_SECONDS", SECONDS)
    victim = Blog("127.0.2.77")
    others = [Blog(f"127.0.2.{number}") for number in range(80, 86)]
    chosen = changed(settings, limits_host=4, pingback_wait=SECONDS, egress_timeout=SECONDS)  # however busy the machine
    site = Site(WebServices(chosen, clock, partial(fetch, policy=egress_policy(chosen))), clock, SlowWeb())
    target = site.url(site.publish())
    for other in others:
        other.put("/", b"", status=302, headers={"Location": f"{victim.url}/{other.url[-5:]}"})

    outcomes = [site.ping(f"{other.url}/", target).outcome for other in others]

    assert outcomes == [16] * 4 + ["accepted"] * 2
    assert len(victim.requests) == 4
    for number in range(9):
        others[0].put(f"/{number}", b"", status=302, headers={"Location": f"/{number + 1}"})
    before = len(others[0].requests)
    site.ping(f"{others[0].url}/0", target)
    assert len(others[0].requests) - before == 3, "one was requested before"
    for blog in (victim, *others):
        blog.close()
    site.services.waiting_slots.close()
    site.services.database.close()


def test_a_fetch_names_this_site_and_the_sender_of_the_ping(settings: Settings) -> None:
    blog = Blog("127.0.2.78")
    policy: Policy = egress_policy(settings)

    fetch(blog.put("/", "<p>hello"), policy, sender="198.51.100.7")
    fetch(blog.url + "/", policy, sender="2001:db8::1")
    blog.close()

    sent = [received.headers for received in blog.requests]
    assert [headers["x-pingback-forwarded-for"] for headers in sent] == ["198.51.100.7", "2001:db8::1"]
    assert all("feedserver/" in headers["user-agent"] for headers in sent)
    assert all(settings.site.url in headers["user-agent"] for headers in sent)


@pytest.mark.parametrize(("peer", "most"), [("198.51.100.7", 2), ("10.0.0.1", 6)], ids=["stranger", "trusted proxy"])
def test_a_forged_forwarded_address_gains_nothing_unless_a_trusted_proxy_says_it(
    processes: Callable[..., list[Site]], peer: str, most: int
) -> None:
    site = processes(limits_sender=2, server_trusted_proxies=(ip_network("10.0.0.0/8"),))[0]
    target = site.url(site.publish())

    outcomes = [
        site.ping(f"http://other.example/{number}", target, sender=peer, X_Forwarded_For=f"203.0.113.{number}").outcome
        for number in range(6)
    ]

    assert outcomes == [16] * most + [49] * (6 - most)


def _ping_each(site: Site, sources: list[str], target: str) -> None:
    for source in sources:
        site.ping(source, target)
    site.run_jobs()
