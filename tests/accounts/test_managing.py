"""Accounts as the operator sees them, and what housekeeping takes away."""

import pytest

from feedserver.accounts.managing import forget_ended
from feedserver.accounts.signing_in import Begun
from feedserver.errors import AccountNotFound, AccountNotSaid, AccountTaken
from feedserver.services import WebServices
from tests.accounts.conftest import SignIn
from tests.posts.builders import everything
from tests.support.outside import Clock

_TABLES = ("sessions", "sign_in_links", "known_networks")


def rows(services: WebServices) -> dict[str, int]:
    found = everything(services)
    return {name: len(found[name]) for name in _TABLES}


def test_what_has_ended_is_forgotten_and_nothing_else(
    services: WebServices, ann: Begun, sign_in: SignIn, clock: Clock
) -> None:
    clock.move(days=29)
    services.signing_in.session_of(ann.secret)
    sign_in()
    services.accounts.link("ann")
    clock.move(minutes=30)
    forget_ended(services.database, clock())
    assert rows(services) == {"sessions": 2, "sign_in_links": 1, "known_networks": 2}

    clock.move(minutes=31)
    forget_ended(services.database, clock())
    assert rows(services)["sign_in_links"] == 0

    clock.move(days=1)
    forget_ended(services.database, clock())
    assert rows(services)["known_networks"] == 1  # at home nobody has signed in for thirty days

    clock.move(days=29)
    forget_ended(services.database, clock())
    assert rows(services) == dict.fromkeys(_TABLES, 0)
    assert services.accounts.listed()[0].name == "ann"


def test_names_are_one_in_any_letter_case(services: WebServices) -> None:
    services.accounts.add("Ann")

    with pytest.raises(AccountTaken):
        services.accounts.add("ANN")
    assert services.accounts.only_one() == "Ann"
    services.accounts.remove("aNN")
    assert services.accounts.listed() == []


def test_of_none_and_of_several_it_has_to_be_said_which(services: WebServices) -> None:
    with pytest.raises(AccountNotSaid, match="account add"):
        services.accounts.only_one()
    for name in ("ann", "bob"):
        services.accounts.add(name)

    with pytest.raises(AccountNotSaid, match="--account"):
        services.accounts.only_one()
    with pytest.raises(AccountNotFound):
        services.accounts.link("cat")
