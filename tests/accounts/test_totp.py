"""Codes of a second factor."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest

from feedserver.accounts import totp

# RFC 6238, appendix B, the lines of SHA-1: their last six of eight digits.
KEY = b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("seconds", VECTORS)
def test_codes_are_those_of_rfc_6238_appendix_b(seconds: int) -> None:
    assert totp.code_of(KEY, totp.step_at(at(seconds))) == VECTORS[seconds]


@pytest.mark.parametrize(("late", "is_good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_good_one_step_before_and_after_its_own(late: int, is_good: bool) -> None:
    now = at(1111111109)

    matching = totp.matching_step(KEY, "081804", now + timedelta(seconds=late))

    assert matching == (totp.step_at(now) if is_good else None)


@pytest.mark.parametrize("typed", ["081 804", " 081804\n"])
def test_blanks_in_a_code_do_no_harm(typed: str) -> None:
    assert totp.matching_step(KEY, typed, at(1111111109)) is not None


@pytest.mark.parametrize("typed", ["", "81804", "0818040", "٠٨١٨٠٤", "081804x", "\ud800"])
def test_other_texts_are_no_codes(typed: str) -> None:
    assert totp.matching_step(KEY, typed, at(1111111109)) is None


def test_an_address_names_site_account_and_key() -> None:
    address = totp.otpauth(KEY, "ann b", "My Blog: words")

    assert address == f"otpauth://totp/My%20Blog%3A%20words%3Aann%20b?secret={KEY}&issuer=My%20Blog%3A%20words"


def test_keys_have_160_bits() -> None:
    assert totp.is_key(totp.new_key())
    assert totp.new_key() != totp.new_key()
    for other in ("", "ABCD", "a" * 32, "é" * 32, KEY + KEY):
        assert not totp.is_key(other)


def test_ten_recovery_codes_are_read_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes()

    assert len(set(codes)) == 10
    assert all(
        totp.read_recovery_code(f" {totp.grouped(code).upper()} ".replace(" ", "-", 2)) == code for code in codes
    )
