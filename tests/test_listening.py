"""Where the server listens: a trial before gunicorn starts, and what a listening socket means for `site.url`."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import cast

import pytest

from feedserver import listening
from feedserver.errors import AddressUnusable


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listen(stack: ExitStack, host: str, port: int = 0) -> socket.socket:
    made = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    made.listen()
    return made


# --- the trial ---


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_one_line_that_names_bind(stack: ExitStack, host: str) -> None:
    port = listen(stack, host).getsockname()[1]

    with pytest.raises(AddressUnusable, match=r"^\S+ is taken by another program; .*--bind") as refused:
        listening.try_binding(host, port)

    shown = f"[{host}]" if ":" in host else host
    assert str(refused.value).startswith(f"{shown}:{port} ")
    assert str(refused.value).endswith(f"--bind {shown}:{port % 65535 + 1}")


@pytest.mark.parametrize("taken", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize("wanted", ["0.0.0.0", "127.0.0.1"])
def test_a_wildcard_and_its_addresses_take_a_port_from_each_other(stack: ExitStack, taken: str, wanted: str) -> None:
    port = listen(stack, taken).getsockname()[1]

    with pytest.raises(AddressUnusable):
        listening.try_binding(wanted, port)


def test_a_port_whose_connections_have_just_ended_is_free(stack: ExitStack) -> None:
    with ExitStack() as server:
        listener = listen(server, "127.0.0.1")
        port = listener.getsockname()[1]
        client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        listener.accept()[0].close()  # the side that closes first waits in TIME_WAIT
        client.recv(1)

    listening.try_binding("127.0.0.1", port)


def test_a_trial_leaves_the_address_free(stack: ExitStack) -> None:
    port = listen(stack, "127.0.0.1").getsockname()[1]
    stack.close()

    listening.try_binding("127.0.0.1", port)

    assert listen(stack, "127.0.0.1", port)


def test_servers_that_share_a_port_are_no_hindrance(stack: ExitStack) -> None:
    sharing = stack.enter_context(socket.socket())
    sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sharing.bind(("127.0.0.1", 0))
    sharing.listen()

    listening.try_binding("127.0.0.1", sharing.getsockname()[1], reuse_port=True)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "is no address of this machine"),
        ("2001:db8::1", "is no address of this machine"),
        ("nothing.invalid", "names no known host"),
        ("1.2.3.4.5", "names no known host"),
    ],
)
def test_an_impossible_address_is_one_line_that_names_bind(host: str, said: str) -> None:
    with pytest.raises(AddressUnusable, match=said) as refused:
        listening.try_binding(host, 8000)

    assert "--bind" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_port_for_root_alone_is_one_line_that_names_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(AddressUnusable, match=r"127\.0\.0\.1:80 is for root alone; .*--bind.* a proxy take 80"):
        listening.try_binding("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("environ", "activated", "inherited"),
    [
        ({}, False, False),
        ({"LISTEN_FDS": "1"}, False, False),
        ({"LISTEN_FDS": "1", "LISTEN_PID": "1"}, False, False),
        ({"LISTEN_FDS": "0", "LISTEN_PID": str(os.getpid())}, False, False),
        ({"LISTEN_FDS": "2", "LISTEN_PID": str(os.getpid())}, True, True),
        ({"GUNICORN_PID": "1", "GUNICORN_FD": "5"}, False, True),
    ],
    ids=["nothing", "for nobody", "for another process", "no socket", "activation", "a new gunicorn for an old one"],
)
def test_sockets_that_were_handed_over_are_known(environ: dict[str, str], activated: bool, inherited: bool) -> None:
    assert (listening.is_activated(environ), listening.is_inherited(environ)) == (activated, inherited)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        ("[::]:80", ("::", 80)),
        ("::1:80", None),
        ("[127.0.0.1]:80", None),
        ("127.0.0.1", None),
        ("127.0.0.1:", None),
        (":80", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:²", None),
        ("127.0.0.1:-1", None),
        ("http://127.0.0.1:80", None),
        ("unix:/run/x:80", None),
        ("a b:80", None),
        ("", None),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, parsed: tuple[str, int] | None) -> None:
    assert listening.host_and_port(text) == parsed


# --- what a socket means ---


@pytest.mark.parametrize(
    ("bound", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.5", "127.0.0.5"), ("::1", "[::1]")],
)
def test_a_socket_has_a_url_and_a_wildcard_that_of_loopback(stack: ExitStack, bound: str, host: str) -> None:
    made = listen(stack, bound)

    assert listening.url([made]) == f"http://{host}:{made.getsockname()[1]}"


def test_the_wildcard_of_ipv6_means_ipv4s_loopback_too(stack: ExitStack) -> None:
    made = listen(stack, "::")

    assert listening.url([made]) == f"http://127.0.0.1:{made.getsockname()[1]}"


def test_a_url_does_not_name_the_default_port() -> None:
    bound = SimpleNamespace(family=socket.AF_INET, getsockname=lambda: ("127.0.0.1", 80))

    assert listening.url([cast("socket.socket", bound)]) == "http://127.0.0.1"


def test_a_unix_socket_has_no_url(stack: ExitStack) -> None:
    unix, tcp = stack.enter_context(socket.socket(socket.AF_UNIX)), listen(stack, "127.0.0.1")

    assert listening.url([unix]) is None
    assert listening.url([unix, tcp]) == f"http://127.0.0.1:{tcp.getsockname()[1]}"


@pytest.mark.parametrize(
    ("bound", "base", "answers"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}", True),
        ("127.0.0.1", "http://127.0.0.1:{port}/blog", True),
        ("127.0.0.1", "http://localhost:{port}", True),
        ("0.0.0.0", "http://127.0.0.9:{port}", True),
        ("0.0.0.0", "http://[::1]:{port}", False),
        ("::", "http://[::1]:{port}", True),
        ("::", "http://127.0.0.1:{port}", True),
        ("::1", "http://[::1]:{port}", True),
        ("::1", "http://127.0.0.1:{port}", False),
        ("127.0.0.2", "http://127.0.0.1:{port}", False),
        ("127.0.0.1", "http://127.0.0.1", False),
        ("127.0.0.1", "http://127.0.0.1:1", False),
        ("127.0.0.1", "http://localhost:1", False),
        ("127.0.0.1", "https://127.0.0.1:1", True),  # TLS ends in a proxy
        ("127.0.0.1", "http://blog.example", True),
        ("127.0.0.1", "http://192.0.2.1:1", True),
    ],
)
def test_a_url_of_loopback_leads_to_a_socket_or_not(stack: ExitStack, bound: str, base: str, answers: bool) -> None:
    made = listen(stack, bound)

    assert listening.answers(base.format(port=made.getsockname()[1]), [made]) is answers
