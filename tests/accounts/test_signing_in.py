"""Signing in with a password or a link; how often it may be tried."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from feedserver.accounts import totp
from feedserver.accounts.model import Visitor
from feedserver.accounts.signing_in import Begun
from feedserver.errors import (
    AccountNotFound,
    LinkEnded,
    NameUnusable,
    PasswordRefused,
    TooManyWrong,
    WrongCode,
    WrongSignIn,
)
from feedserver.services import WebServices
from feedserver.tokens import hashed
from tests.accounts.conftest import AWAY, HOME, PASSWORD, SignIn
from tests.posts.builders import everything
from tests.support.outside import Clock


def wrong(sign_in: SignIn, times: int = 1, **named: Any) -> None:
    for _ in range(times):
        with pytest.raises(WrongSignIn):
            sign_in(**{"password": "not the password", **named})


def counting(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that are hashed from now on."""
    hasher, looked_at = services.signing_in.hasher, list[str]()
    is_right = hasher.is_right

    def count(stored: str | None, password: str) -> bool:
        looked_at.append(password)
        return is_right(stored, password)

    monkeypatch.setattr(hasher, "is_right", count)
    return looked_at


# --- sessions ---


def test_the_right_password_begins_a_session(services: WebServices, ann: Begun, sign_in: SignIn, clock: Clock) -> None:
    begun = sign_in(name="ANN")

    assert begun.secret != ann.secret
    assert services.signing_in.session_of(begun.secret) == begun.session
    assert begun.session.account == "ann"
    assert (begun.session.address, begun.session.device) == (AWAY.address, AWAY.device)
    assert services.accounts.listed()[0].signed_in_at == clock()
    assert services.accounts.listed()[0].sessions == 2


def test_no_secret_is_stored(services: WebServices, ann: Begun) -> None:
    stored = str(everything(services))

    assert PASSWORD not in stored
    assert ann.secret not in stored
    assert hashed(ann.secret) in stored


def test_a_name_and_a_password_may_be_in_any_unicode_form(services: WebServices, sign_in: SignIn) -> None:
    services.signing_in.with_link(services.accounts.add("Zoë"), "", "ein schönes Wort", "", HOME, None)

    assert sign_in(name="ZOE\u0308", password="ein scho\u0308nes Wort").session.account == "Zoë"


def test_the_session_that_the_browser_had_ends(services: WebServices, ann: Begun) -> None:
    services.signing_in.with_password("ann", PASSWORD, "", HOME, ann.secret)

    assert services.signing_in.session_of(ann.secret) is None


def test_a_session_lasts_for_thirty_days_since_its_last_use(services: WebServices, ann: Begun, clock: Clock) -> None:
    clock.move(days=29, hours=23)
    assert services.signing_in.session_of(ann.secret)
    clock.move(days=29, hours=23)
    assert services.signing_in.session_of(ann.secret)
    clock.move(days=30)
    assert services.signing_in.session_of(ann.secret) is None


def test_a_clock_that_jumps_ends_no_session_and_makes_none_last(
    services: WebServices, ann: Begun, clock: Clock
) -> None:
    clock.move(days=10)
    services.signing_in.session_of(ann.secret)
    clock.move(days=-9)
    assert services.signing_in.session_of(ann.secret)  # a use that lies ahead is none: it began a day ago
    clock.move(days=30)
    assert services.signing_in.session_of(ann.secret) is None


def test_a_session_that_began_ahead_is_none(services: WebServices, ann: Begun, clock: Clock) -> None:
    clock.move(days=-1)

    assert services.signing_in.session_of(ann.secret) is None


def test_signing_out_ends_the_session_alone(services: WebServices, ann: Begun, sign_in: SignIn) -> None:
    other = sign_in()
    services.signing_in.sign_out(ann.secret)

    assert services.signing_in.session_of(ann.secret) is None
    assert services.signing_in.session_of(other.secret)


def test_removing_an_account_ends_all_that_it_had(services: WebServices, ann: Begun) -> None:
    link = services.accounts.link("ann")
    services.accounts.remove("ann")

    assert services.signing_in.session_of(ann.secret) is None
    with pytest.raises(LinkEnded):
        services.signing_in.link(link)
    with pytest.raises(AccountNotFound, match="“ann”"):
        services.own_account.account(ann.session)  # of a request that had found the session just before
    left = everything(services)
    assert [left[name] for name in ("accounts", "sessions", "sign_in_links", "known_networks")] == [[]] * 4


def test_a_session_of_an_account_that_was_removed_changes_no_other_one_of_that_name(
    services: WebServices, ann: Begun, sign_in: SignIn
) -> None:
    services.accounts.remove("ann")
    services.signing_in.with_link(services.accounts.add("ann"), "", "another long password", "", AWAY, None)

    with pytest.raises(WrongSignIn):
        services.own_account.change_password(ann.session, "another long password", PASSWORD, HOME.address)
    assert sign_in(password="another long password")


# --- wrong passwords ---


@pytest.mark.parametrize(
    "sent", [{"password": "not the password"}, {"password": ""}, {"name": "bob"}, {"name": ""}, {"name": "x" * 9_999}]
)
def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    services: WebServices, ann: Begun, sign_in: SignIn, sent: dict[str, str]
) -> None:
    with pytest.raises(WrongSignIn, match=r"^the name, the password or the code is not right$"):
        sign_in(**sent)


def test_an_unknown_name_costs_a_hash_too(
    services: WebServices, ann: Begun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = counting(services, monkeypatch)
    wrong(sign_in, name="bob")
    wrong(sign_in)

    assert len(looked_at) == 2


def test_an_account_without_a_password_lets_nobody_in(services: WebServices, sign_in: SignIn) -> None:
    services.accounts.add("ann")

    wrong(sign_in, password="")


def test_after_ten_wrong_ones_for_an_account_right_ones_wait_too(
    services: WebServices, ann: Begun, sign_in: SignIn, clock: Clock
) -> None:
    for number in range(10):
        wrong(sign_in, visitor=Visitor(f"203.0.113.{number}", ""))

    with pytest.raises(TooManyWrong) as refused:
        sign_in()
    assert 0 < refused.value.seconds <= 900

    clock.move(seconds=refused.value.seconds)
    assert sign_in()


def test_after_ten_wrong_ones_from_an_address_all_names_wait(
    services: WebServices, ann: Begun, sign_in: SignIn
) -> None:
    for number in range(10):
        wrong(sign_in, name=f"somebody {number}", visitor=Visitor(f"2001:db8::{number}", ""))

    with pytest.raises(TooManyWrong):
        sign_in(visitor=Visitor("2001:db8::ffff", ""))
    assert sign_in(visitor=Visitor("2001:db8:0:1::1", ""))


def test_strangers_lock_nobody_out_of_where_he_has_signed_in(
    services: WebServices, ann: Begun, sign_in: SignIn
) -> None:
    wrong(sign_in, 10, visitor=AWAY)
    for number in range(10):
        with pytest.raises((WrongSignIn, TooManyWrong)):
            sign_in(name=f"somebody {number}", visitor=HOME)

    assert sign_in(visitor=HOME)
    wrong(sign_in, 10, visitor=HOME)
    with pytest.raises(TooManyWrong):
        sign_in(visitor=HOME)


def test_an_address_is_forgotten_after_thirty_days(
    services: WebServices, ann: Begun, sign_in: SignIn, clock: Clock
) -> None:
    clock.move(days=30)
    wrong(sign_in, 10, visitor=AWAY)

    with pytest.raises(TooManyWrong):
        sign_in(visitor=HOME)


@pytest.mark.parametrize("what", ["the account was removed", "it has another password"])
def test_a_password_that_is_right_no_more_when_it_has_been_looked_at_lets_nobody_in(
    services: WebServices, ann: Begun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    hasher = services.signing_in.hasher
    is_right = hasher.is_right

    def meanwhile(stored: str | None, password: str) -> bool:
        found = is_right(stored, password)
        if what == "the account was removed":
            services.accounts.remove("ann")
        else:
            token = services.accounts.link("ann")
            services.signing_in.with_link(token, "", "another long password", "", HOME, None)
        return found

    monkeypatch.setattr(hasher, "is_right", meanwhile)

    wrong(sign_in, password=PASSWORD)

    assert sum(listed.sessions for listed in services.accounts.listed()) == (what != "the account was removed")


def test_right_ones_do_not_count(services: WebServices, ann: Begun, sign_in: SignIn) -> None:
    for number in range(12):
        sign_in(visitor=Visitor(f"203.0.113.{number}", ""))


def test_however_many_come_at_once_ten_are_looked_at(
    services: WebServices, ann: Begun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = counting(services, monkeypatch)
    for _ in range(3):
        with ThreadPoolExecutor(6) as pool:
            tries = [pool.submit(sign_in, password="wrong") for _ in range(6)]
        assert all(isinstance(one.exception(), WrongSignIn | TooManyWrong) for one in tries)

    assert len(looked_at) == 10


def test_nothing_is_hashed_after_ten_wrong_ones(
    services: WebServices, ann: Begun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong(sign_in, 10)
    monkeypatch.setattr(services.signing_in.hasher, "is_right", lambda *_: pytest.fail("it was hashed"))

    with pytest.raises(TooManyWrong):
        sign_in()


# --- links ---


def test_a_link_is_good_once(services: WebServices) -> None:
    token = services.accounts.add("ann")
    assert services.signing_in.link(token).account

    services.signing_in.with_link(token, "", PASSWORD, "", HOME, None)

    with pytest.raises(LinkEnded):
        services.signing_in.link(token)
    with pytest.raises(LinkEnded):
        services.signing_in.with_link(token, "", PASSWORD, "", HOME, None)


def test_a_link_is_good_for_an_hour(services: WebServices, clock: Clock) -> None:
    token = services.accounts.add("ann")
    clock.move(minutes=59)
    services.signing_in.link(token)
    clock.move(minutes=1)

    with pytest.raises(LinkEnded):
        services.signing_in.link(token)


def test_a_link_of_a_clock_that_was_ahead_is_good_no_more(services: WebServices, clock: Clock) -> None:
    clock.move(hours=3)
    token = services.accounts.add("ann")
    clock.move(hours=-3)

    with pytest.raises(LinkEnded):
        services.signing_in.link(token)


def test_a_new_link_ends_older_ones_of_the_account(services: WebServices) -> None:
    old, of_bob = services.accounts.add("ann"), services.accounts.add("bob")
    new = services.accounts.link("ann")

    with pytest.raises(LinkEnded):
        services.signing_in.link(old)
    assert services.signing_in.link(new)
    assert services.signing_in.link(of_bob)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1_025, "e\u0301" * 11])
def test_a_password_that_is_refused_leaves_the_link_good(services: WebServices, password: str) -> None:
    token = services.accounts.add("ann")

    with pytest.raises(PasswordRefused):
        services.signing_in.with_link(token, "", password, "", HOME, None)
    assert services.signing_in.link(token)


@pytest.mark.parametrize("password", ["twelve chars", "é" * 1_024, "e\u0301" * 1_024, " " * 12])
def test_a_password_has_twelve_to_1024_characters_in_nfc_and_no_other_rule(
    services: WebServices, sign_in: SignIn, password: str
) -> None:
    services.signing_in.with_link(services.accounts.add("ann"), "", password, "", HOME, None)

    assert sign_in(password=password)


def test_setting_a_password_by_link_ends_all_other_sessions(services: WebServices, ann: Begun, sign_in: SignIn) -> None:
    begun = services.signing_in.with_link(services.accounts.link("ann"), "", "another long password", "", HOME, None)

    assert services.signing_in.session_of(ann.secret) is None
    assert services.signing_in.session_of(begun.secret)
    wrong(sign_in, password=PASSWORD)


def test_the_first_person_chooses_a_name(services: WebServices) -> None:
    token = services.accounts.first_link()
    assert token
    assert services.signing_in.link(token).account is None
    with pytest.raises(NameUnusable):
        services.signing_in.with_link(token, " ", PASSWORD, "", HOME, None)

    begun = services.signing_in.with_link(token, " Ann  Author ", PASSWORD, "", HOME, None)

    assert begun.session.account == "Ann Author"
    assert services.accounts.first_link() is None


def test_the_link_of_the_first_person_ends_when_there_is_an_account(services: WebServices) -> None:
    token = services.accounts.first_link()
    assert token
    services.accounts.add("ann")

    with pytest.raises(LinkEnded):
        services.signing_in.with_link(token, "bob", PASSWORD, "", HOME, None)


def test_of_several_who_use_a_link_at_once_one_comes_in(services: WebServices) -> None:
    token = services.accounts.first_link()
    assert token

    def use(name: str) -> Begun:
        return services.signing_in.with_link(token, name, PASSWORD, "", HOME, None)

    with ThreadPoolExecutor(4) as pool:
        used = [pool.submit(use, name) for name in ("ann", "bob", "cat", "dan")]

    assert [isinstance(one.exception(), LinkEnded) for one in used].count(True) == 3
    assert len(services.accounts.listed()) == 1


# --- the second factor ---


@pytest.fixture
def key(services: WebServices, ann: Begun, clock: Clock) -> str:
    """The key of ann's second factor."""
    key = totp.new_key()
    services.own_account.turn_second_factor_on(ann.session, key, totp.code_of(key, totp.step_at(clock())))
    clock.move(seconds=30)
    return key


def code(key: str, clock: Clock, steps: int = 0) -> str:
    return totp.code_of(key, totp.step_at(clock()) + steps)


def test_with_a_second_factor_the_code_is_needed(
    services: WebServices, key: str, sign_in: SignIn, clock: Clock
) -> None:
    wrong(sign_in, password=PASSWORD)
    wrong(sign_in, code=code(key, clock))

    assert sign_in(code=code(key, clock))


def test_no_code_is_taken_twice(services: WebServices, key: str, sign_in: SignIn, clock: Clock) -> None:
    sign_in(code=code(key, clock))

    wrong(sign_in, password=PASSWORD, code=code(key, clock))
    wrong(sign_in, password=PASSWORD, code=code(key, clock, -1))  # nor an older one
    assert sign_in(code=code(key, clock, 1))


def test_the_code_that_turned_it_on_is_not_taken_again(
    services: WebServices, key: str, sign_in: SignIn, clock: Clock
) -> None:
    wrong(sign_in, password=PASSWORD, code=code(key, clock, -1))


def test_a_code_of_a_clock_that_was_ahead_keeps_nobody_out(
    services: WebServices, key: str, sign_in: SignIn, clock: Clock
) -> None:
    clock.move(days=1)
    sign_in(code=code(key, clock))
    clock.move(days=-1)

    assert sign_in(code=code(key, clock))


def test_ten_wrong_codes_close_the_account_as_wrong_passwords_do(
    services: WebServices, key: str, sign_in: SignIn, clock: Clock
) -> None:
    wrong(sign_in, 10, password=PASSWORD, code="000000")

    with pytest.raises(TooManyWrong):
        sign_in(code=code(key, clock))


def test_each_recovery_code_lets_in_once(services: WebServices, ann: Begun, sign_in: SignIn, clock: Clock) -> None:
    key = totp.new_key()
    codes = services.own_account.turn_second_factor_on(ann.session, key, code(key, clock))

    assert sign_in(code=totp.grouped(codes[3]).upper())
    wrong(sign_in, password=PASSWORD, code=codes[3])
    assert services.own_account.recovery_codes_left(ann.session) == 9


def test_a_recovery_code_of_another_account_is_none(
    services: WebServices, ann: Begun, clock: Clock, sign_in: SignIn
) -> None:
    key = totp.new_key()
    codes = services.own_account.turn_second_factor_on(ann.session, key, code(key, clock))
    bob = services.signing_in.with_link(services.accounts.add("bob"), "", PASSWORD, "", HOME, None)
    services.own_account.turn_second_factor_on(bob.session, key, code(key, clock))

    wrong(sign_in, name="bob", password=PASSWORD, code=codes[0])


def test_a_link_asks_for_the_second_factor_too(services: WebServices, key: str, clock: Clock) -> None:
    token = services.accounts.link("ann")
    with pytest.raises(WrongCode):
        services.signing_in.with_link(token, "", PASSWORD, "", AWAY, None)

    assert services.signing_in.with_link(token, "", PASSWORD, code(key, clock), AWAY, None)


def test_ten_wrong_codes_close_a_link_as_well(services: WebServices, key: str, clock: Clock) -> None:
    token = services.accounts.link("ann")
    for number in range(10):
        visitor = replace(AWAY, address=f"203.0.113.{number}")
        with pytest.raises(WrongCode):
            services.signing_in.with_link(token, "", PASSWORD, "000000", visitor, None)

    with pytest.raises(TooManyWrong):
        services.signing_in.with_link(token, "", PASSWORD, code(key, clock), AWAY, None)


def test_a_link_without_second_factor_turns_it_off_when_it_is_used(
    services: WebServices, key: str, sign_in: SignIn
) -> None:
    token = services.accounts.link("ann", asks_code=False)
    assert services.accounts.listed()[0].totp

    services.signing_in.with_link(token, "", PASSWORD, "", AWAY, None)

    assert not services.accounts.listed()[0].totp
    assert sign_in()
