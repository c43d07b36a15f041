"""The id of a request: a trusted proxy's, if it is clean, else a new one; on pages of errors."""

import re

import pytest
from flask.testing import FlaskClient

SHOWN = re.compile(r"Request <code>([^<]+)</code>")


def shown(client: FlaskClient, sent: str | None = None, peer: str = "127.0.0.1") -> str:
    headers = {} if sent is None else {"X-Request-ID": sent}
    found = SHOWN.findall(client.get("/none", headers=headers, environ_base={"REMOTE_ADDR": peer}).text)
    assert len(found) == 1
    return str(found[0])


def test_each_request_has_one_of_its_own(client: FlaskClient) -> None:
    assert len({shown(client) for _ in range(5)}) == 5
    assert re.fullmatch("[0-9a-f]{16}", shown(client))


def test_a_trusted_proxys_id_is_taken(client: FlaskClient) -> None:
    assert shown(client, "Abc-" + "9" * 60) == "Abc-" + "9" * 60


@pytest.mark.parametrize("sent", ["", "a b", "<b>", "a\u00e9", "9" * 65, "a_b", "a/b"])
def test_one_that_is_not_clean_is_not(client: FlaskClient, sent: str) -> None:
    assert shown(client, sent) != sent


def test_nor_is_a_strangers(client: FlaskClient) -> None:
    assert shown(client, "5ee1", peer="192.0.2.7") != "5ee1"


def test_pages_that_are_no_errors_have_none(client: FlaskClient) -> None:
    assert not SHOWN.search(client.get("/").text)
