"""No connection goes to an address that is neither public nor allowed. Each listener of `forbid` must count zero."""

import socket
from dataclasses import replace
from ipaddress import ip_network

import pytest

from feedserver.errors import AddressForbidden, ConnectionFailed, FetchError, HostUnknown
from feedserver.net.fetch import fetch

SPELLINGS = {
    "plain": "127.0.0.1",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal, dotted": "0x7f.0.0.1",
    "octal": "0177.0.0.1",
    "short": "127.1",
    "zero": "0",
    "unspecified": "0.0.0.0",
    "trailing dot": "127.0.0.1.",
    "full width": "１２７.０.０.１",
    "ideographic dots": "127。0。0。1",
    "v4-mapped": "[::ffff:127.0.0.1]",
    "v4-mapped, hexadecimal": "[::ffff:7f00:1]",
    "v4-compatible": "[::127.0.0.1]",
    "name": "localhost",
    "name in capitals": "LOCALHOST.",
}


def answers(*found):
    """A resolver that gives these answers one after another, each a list of addresses."""
    rest = list(found)

    def resolve(host, port):
        return [(each, port, 0, 0) if ":" in each else (each, port) for each in rest.pop(0)]

    return resolve


def redirect(location):
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_forbidden_address_is_not_contacted_whatever_its_spelling(forbid, policy, host, scheme):
    listener = forbid("127.0.0.1")

    with pytest.raises((AddressForbidden, HostUnknown)):
        fetch(f"{scheme}://{host}:{listener.port}/", policy)


@pytest.mark.parametrize("address", ["127.0.3.1", "127.0.1.255", "::1"])
def test_the_neighbours_of_an_allowed_network_are_not_contacted(forbid, policy, address):
    with pytest.raises(AddressForbidden):
        fetch(forbid(address).url, policy)


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
def test_a_redirect_leads_to_no_forbidden_address(serve, forbid, policy, host):
    server = serve(redirect(f"http://{host}:{forbid('127.0.0.1').port}/"))

    with pytest.raises((AddressForbidden, HostUnknown)):
        fetch(server.url, policy)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location", ["\\\\{}", "///{}/", "http:\\\\{}\\x", "ht\ttp:/\t/{}", "https:{}", " http://{}#x "]
)
def test_nor_in_a_spelling_that_only_browsers_read(serve, forbid, policy, location):
    server = serve(redirect(location.format(f"127.0.3.1:{forbid('127.0.3.1').port}")))

    with pytest.raises(AddressForbidden):
        fetch(server.url, policy)

    assert len(server.requests) == 1


def test_a_redirect_to_a_forbidden_address_after_an_allowed_one_is_seen(serve, forbid, policy):
    second = serve(redirect(forbid("127.0.3.1").url), address="127.0.2.2")
    first = serve(redirect(second.url))

    with pytest.raises(AddressForbidden):
        fetch(first.url, policy)

    assert len(second.requests) == 1


def test_a_name_is_resolved_once_and_its_vetted_address_contacted(serve, policy):
    server = serve()
    calls = []

    def resolve(host, port):
        calls.append(host)
        return server.resolve(host, port)

    page = fetch(f"http://Blog.Example.:{server.port}/page", policy, resolve=resolve)

    assert page.body == b"hello"
    assert calls == ["blog.example"]
    assert b"Host: blog.example:" in server.requests[0]


def test_the_system_s_resolver_is_asked_once_for_each_hop(serve, forbid, policy, monkeypatch):
    server, listener, asked = serve(), forbid("127.0.0.1"), []

    def rebinding(host, port, *_args, **_named):
        asked.append(host)
        address = "127.0.2.1" if len(asked) == 1 else listener.address
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    assert fetch(f"http://blog.example:{server.port}/", policy).body == b"hello"
    assert asked == ["blog.example"]


def test_a_name_that_changes_its_answer_between_hops_is_vetted_anew(serve, forbid, policy):
    listener = forbid("127.0.3.1")
    server = serve(redirect(f"http://blog.example:{listener.port}/again"))

    with pytest.raises(AddressForbidden):
        fetch(f"http://blog.example:{server.port}/", policy, resolve=answers(["127.0.2.1"], ["127.0.3.1"]))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.2.1", "127.0.3.1"],
        ["127.0.3.1", "127.0.2.1"],
        ["127.0.2.1", "::1"],
        ["127.0.2.1", "::ffff:127.0.3.1"],
        ["127.0.2.1"] * 9 + ["127.0.3.1"],
    ],
    ids=["last", "first", "v6", "v4-mapped", "after many"],
)
def test_one_forbidden_address_among_others_forbids_the_name(serve, policy, found):
    server = serve()

    with pytest.raises(AddressForbidden):
        fetch(f"http://blog.example:{server.port}/", policy, resolve=answers(found))

    assert server.requests == []


def test_an_address_with_a_zone_is_forbidden_although_its_network_is_allowed(policy):
    policy = replace(policy, allow=(ip_network("fe80::/10"),))

    with pytest.raises(AddressForbidden):
        fetch("http://blog.example/", policy, resolve=lambda host, port: [("fe80::1", port, 0, 1)])
    with pytest.raises(AddressForbidden):
        fetch("http://blog.example/", policy, resolve=lambda host, port: [("fe80::1%lo", port, 0, 0)])


def test_a_v4_mapped_form_of_an_allowed_address_is_allowed(serve, policy):
    server = serve()

    with pytest.raises((AddressForbidden, HostUnknown)):
        fetch(f"http://[::ffff:127.0.3.1]:{server.port}/", policy)
    try:
        assert fetch(f"http://[::ffff:127.0.2.1]:{server.port}/", policy).body == b"hello"
    except ConnectionFailed:
        pytest.skip("this machine connects to no v4-mapped address")


def test_the_port_comes_from_the_url_and_not_from_the_resolver(serve, forbid, policy):
    server, listener = serve(), forbid("127.0.2.9")

    page = fetch(server.url, policy, resolve=lambda host, port: [(server.address, listener.port)])

    assert page.body == b"hello"


def test_other_ports_are_forbidden_even_where_the_address_is_allowed(forbid, policy):
    policy = replace(policy, ports=frozenset({80, 443}))

    with pytest.raises(AddressForbidden):
        fetch(forbid("127.0.2.9").url, policy)


def test_a_redirect_to_another_port_is_forbidden(serve, forbid, policy):
    server = serve(redirect(forbid("127.0.2.9").url))

    with pytest.raises(AddressForbidden):
        fetch(server.url, replace(policy, ports=frozenset({server.port})))


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://h/", 80), ("https://h/", 443), ("http://h:80/", 80), ("https://h:80/", 80), ("http://h:/", 80)],
)
def test_a_url_without_port_means_the_port_of_its_scheme(policy, url, port):
    asked = []

    def resolve(host, port):
        asked.append(port)
        raise HostUnknown

    with pytest.raises(HostUnknown):
        fetch(url, policy, resolve=resolve)

    assert asked == [port]


@pytest.mark.parametrize(
    "url",
    ["", "page", "ftp://h/", "http://", "http://u:p@h/", "http://h:0/", "http://h\\@x/", "http://h/ x", "http://h\n/"],
)
def test_an_invalid_url_is_refused(policy, url):
    with pytest.raises(AddressForbidden):
        fetch(url, policy)


def test_a_forbidden_address_and_an_unknown_name_give_the_same_error(policy):
    def told(url, **named):
        with pytest.raises(FetchError) as caught:
            fetch(url, policy, **named)
        return str(caught.value)

    texts = {
        told("http://127.0.3.1:1/"),
        told("http://localhost/"),
        told("http://nothing.invalid/", resolve=answers([])),
        told("http://127.0.2.1.example/", resolve=answers(["127.0.2.1", "10.0.0.1"])),
        told(f"http://{'x' * 64}.example/"),
        told("http://a..example/"),
    }

    assert texts == {"the source’s host cannot be found"}


def test_an_address_that_refuses_gives_way_to_the_next(serve, policy):
    server = serve()

    page = fetch(
        f"http://blog.example:{server.port}/", policy, resolve=answers(["127.0.2.8", "127.0.2.9", "127.0.2.1"])
    )

    assert page.body == b"hello"


def test_an_address_that_is_silent_leaves_time_for_the_next(serve, policy, monkeypatch):
    waits = []

    class SilentAt8(socket.socket):
        def connect(self, address):
            if address[0].endswith(".8"):
                timeout = self.gettimeout()
                assert timeout is not None
                waits.append(timeout)
                raise TimeoutError
            super().connect(address)

    server = serve()
    monkeypatch.setattr(socket, "socket", SilentAt8)

    page = fetch(
        f"http://blog.example:{server.port}/", replace(policy, timeout=9), resolve=answers(["127.0.2.8", "127.0.2.1"])
    )

    assert page.body == b"hello"
    assert 0 < waits[0] <= 4.5, "each of two has half of the time"


def test_a_few_addresses_are_tried_and_no_more(serve, policy):
    server = serve()
    found = [f"127.0.2.{last}" for last in range(50, 54)] + ["127.0.2.1"]

    with pytest.raises(ConnectionFailed):
        fetch(f"http://blog.example:{server.port}/", policy, resolve=answers(found))

    assert server.requests == []
