"""Name resolution may block for longer than a fetch may take."""

import threading
from dataclasses import replace

import pytest

from feedserver.errors import ConnectionFailed, HostUnknown, TimedOut
from feedserver.net import connection as module
from feedserver.net.fetch import fetch
from tests.support.waiting import SECONDS, ends_in_time


def knows_nothing(host, port):
    return []


def let_go(freed):
    freed.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join()


def test_the_deadline_ends_a_resolver_that_blocks(policy):
    freed = threading.Event()

    def blocks(host, port):
        freed.wait(SECONDS)
        return []

    with ends_in_time(), pytest.raises(TimedOut):
        fetch("http://blog.example/", replace(policy, timeout=0.2), resolve=blocks)

    let_go(freed)


def test_the_number_of_blocked_look_ups_is_bounded(policy, monkeypatch):
    monkeypatch.setattr(module, "_LOOKUPS", threading.BoundedSemaphore(2))
    freed, asked = threading.Event(), []

    def blocks(host, port):
        asked.append(host)
        freed.wait(SECONDS)
        return []

    for host in "abc":
        with pytest.raises(TimedOut):
            fetch(f"http://{host}/", replace(policy, timeout=0.1), resolve=blocks)
    let_go(freed)

    assert asked == ["a", "b"]
    with pytest.raises(HostUnknown):
        fetch("http://d/", policy, resolve=knows_nothing)


def test_a_look_up_that_cannot_start_a_thread_frees_its_slot(policy, monkeypatch):
    monkeypatch.setattr(module, "_LOOKUPS", threading.BoundedSemaphore(1))

    def exhausted(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", exhausted)
        with pytest.raises(ConnectionFailed):
            fetch("http://a/", policy)

    with pytest.raises(HostUnknown):
        fetch("http://b/", policy, resolve=knows_nothing)
