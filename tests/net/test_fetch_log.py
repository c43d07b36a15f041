"""What the log tells the operator of a fetch that a setting forbids, and senders are not told."""

from dataclasses import replace

import pytest

from feedserver.errors import AddressForbidden, HostUnknown
from feedserver.net.fetch import fetch


def refused(url, policy, addresses=()):
    with pytest.raises(AddressForbidden, match=r"^the source’s host cannot be found$"):
        fetch(url, policy, resolve=lambda host, port: [(address, port) for address in addresses])


def test_a_forbidden_address_is_logged_with_its_setting(policy, caplog):
    refused("http://inside.example/secret?token=1", policy, ["127.0.2.1", "10.9.8.7"])

    assert [record.getMessage() for record in caplog.records] == [
        "inside.example is not contacted: its address 10.9.8.7 is not public, and in no network of egress.allow; "
        "others are told that it cannot be found"
    ]


def test_a_forbidden_port_is_logged_with_its_setting(policy, caplog):
    refused("https://other-port.example:8090/", replace(policy, ports=frozenset({80, 443})))

    (record,) = caplog.records
    assert record.getMessage().startswith("other-port.example is not contacted: port 8090 is not in egress.ports; ")


def test_the_same_refusal_is_logged_once_a_minute(policy, caplog, monkeypatch):
    for moment, lines in [(60_000.0, 1), (60_059.9, 1), (60_060.0, 2)]:
        monkeypatch.setattr("feedserver.net.connection.monotonic", lambda now=moment: now)

        refused("http://often.example/", policy, ["10.0.0.1"])

        assert len(caplog.records) == lines


def test_a_name_that_does_not_resolve_is_not_logged(policy, caplog):
    with pytest.raises(HostUnknown):
        fetch("http://nothing.invalid/", policy, resolve=lambda host, port: [])

    assert caplog.records == []
