"""Tokens for writing apps."""

import pytest

from feedserver.accounts.model import SCOPES
from feedserver.errors import AccountNotFound, AppNotFound, AppTaken, NameUnusable, TooManyWrong, WrongToken
from feedserver.services import WebServices
from feedserver.tokens import hashed
from tests.posts.builders import everything
from tests.support.outside import Clock

HOME = "192.0.2.7"


@pytest.fixture
def token(services: WebServices) -> str:
    """The token of an app of an account."""
    services.accounts.add("ann")
    return services.apps.add("MarsEdit", "ann", SCOPES)[1]


def test_a_token_tells_whose_it_is_and_what_it_may_do(services: WebServices, token: str) -> None:
    taken = services.apps.take(token, HOME)

    assert (taken.name, taken.account, taken.scopes, taken.client_id) == ("MarsEdit", "ann", frozenset(SCOPES), None)
    assert len(token) < 200


def test_its_text_is_stored_nowhere(services: WebServices, token: str) -> None:
    stored = str(everything(services))

    assert token not in stored
    assert hashed(token) in stored


def test_its_use_is_noted_once_a_minute(services: WebServices, token: str, clock: Clock) -> None:
    first = clock()
    services.apps.take(token, HOME)
    clock.move(seconds=30)
    services.apps.take(token, HOME)

    assert services.apps.listed()[0].last_used_at == first

    clock.move(seconds=31)
    services.apps.take(token, HOME)

    assert services.apps.listed()[0].last_used_at == clock()


def test_a_use_that_lies_ahead_is_noted_anew(services: WebServices, token: str, clock: Clock) -> None:
    clock.move(days=1)
    services.apps.take(token, HOME)
    clock.move(days=-1)

    services.apps.take(token, HOME)

    assert services.apps.listed()[0].last_used_at == clock()


def test_thirty_wrong_tokens_of_a_network_close_it_for_a_quarter_of_an_hour(
    services: WebServices, token: str, clock: Clock
) -> None:
    for number in range(30):
        with pytest.raises(WrongToken):
            services.apps.take("wrong", f"192.0.2.{number}")

    with pytest.raises(TooManyWrong) as refused:
        services.apps.check("192.0.2.200")
    with pytest.raises(TooManyWrong):
        services.apps.take(token, HOME)  # a right one too
    services.apps.check("192.0.3.1")

    clock.move(seconds=refused.value.seconds)
    assert services.apps.take(token, HOME).name == "MarsEdit"


def test_right_tokens_never_count(services: WebServices, token: str) -> None:
    for _ in range(40):
        services.apps.take(token, HOME)


def test_wrong_ones_of_a_clock_that_was_ahead_are_none(services: WebServices, token: str, clock: Clock) -> None:
    clock.move(days=1)
    for _ in range(30):
        with pytest.raises(WrongToken):
            services.apps.take("wrong", HOME)
    clock.move(days=-1)

    assert services.apps.take(token, HOME).name == "MarsEdit"


@pytest.mark.parametrize("by", ["name", "id", "text"])
def test_a_token_that_was_ended_opens_nothing(services: WebServices, token: str, by: str) -> None:
    if by == "text":
        services.apps.end_token(token)
    else:
        services.apps.end("MarsEdit" if by == "name" else services.apps.listed()[0].id)

    with pytest.raises(WrongToken):
        services.apps.take(token, HOME)
    assert services.apps.listed() == []


def test_tokens_end_with_their_account(services: WebServices, token: str) -> None:
    services.accounts.remove("ann")

    with pytest.raises(WrongToken):
        services.apps.take(token, HOME)


def test_an_app_that_is_not_there_cannot_be_ended(services: WebServices) -> None:
    services.apps.end_token("unknown")  # of which nobody is told

    for which in ("MarsEdit", 7):
        with pytest.raises(AppNotFound):
            services.apps.end(which)


def test_two_apps_have_two_names_but_where_they_ask_for_themselves(
    services: WebServices, token: str, clock: Clock
) -> None:
    with pytest.raises(AppTaken):
        services.apps.add("MarsEdit", "ann", ["create"])
    clock.move(minutes=1)
    for _ in range(2):
        services.apps.create("ann", "quill.example", ["create"], client_id="https://quill.example/")

    assert [app.name for app in services.apps.listed()] == ["quill.example", "quill.example", "MarsEdit"]

    services.apps.end("quill.example")
    assert services.apps.take(token, HOME)


def test_a_token_is_for_an_account_that_is_there_and_a_name_that_can_be_read(services: WebServices, token: str) -> None:
    with pytest.raises(AccountNotFound):
        services.apps.create("bob", "Quill", ["create"])
    for name in ("", "  ", "a\u202eb", "x" * 65, "x" + " " * 256):
        with pytest.raises(NameUnusable):
            services.apps.create("ann", name, ["create"])
