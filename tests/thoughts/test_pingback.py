"""Pingback on the wire: which fault tells a sender what."""

import xmlrpc.client

import pytest

from feedserver.errors import PingError
from feedserver.thoughts import pingback


def every_error(family: type[PingError] = PingError) -> list[type[PingError]]:
    return [found for child in family.__subclasses__() for found in [child, *every_error(child)]]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_every_ping_error_has_its_fault(error: type[PingError]) -> None:
    assert error in pingback.FAULTS

    told = fault_in(pingback.fault(error()))

    assert told.faultCode == pingback.FAULTS[error]
    assert told.faultString == error.text
    assert error.__name__ not in told.faultString


def test_an_error_of_ours_says_nothing_of_our_inside() -> None:
    told = fault_in(pingback.internal_error())

    assert told.faultCode == -32603
    assert told.faultString == "the server failed; try again later"


def fault_in(body: bytes) -> xmlrpc.client.Fault:
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xmlrpc.client.loads(body)
    return raised.value
