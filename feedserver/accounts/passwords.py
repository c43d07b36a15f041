"""Passwords: which can be set, and their hashes, two at a time in a process.

A hash (scrypt, RFC 7914) takes 32 MiB and a third of a second. More at a time would leave feeds and pages waiting, so
that a flood of passwords would be a lever against the site.
"""

import os
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, get_native_id
from typing import Final

from feedserver.errors import PasswordRefused, TooManyAtOnce

SHORTEST: Final = 12  # characters in NFC
LONGEST: Final = 1_024
_AT_A_TIME: Final = 2
_WAITING: Final = 4  # others would hold all threads of a server
_WAIT: Final = 2.0  # seconds
METHOD = "scrypt:32768:8:1"  # of new hashes; a stored one says how it was made


class Hasher:
    """Makes and checks hashes of passwords. One for each process."""

    def __init__(self) -> None:
        self._slots = BoundedSemaphore(_AT_A_TIME)
        self._places = BoundedSemaphore(_AT_A_TIME + _WAITING)
        self._threads = ThreadPoolExecutor(_AT_A_TIME, "passwords", _give_way)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Room for one hash; raises TooManyAtOnce where there is none within two seconds, or too many wait."""
        if not self._places.acquire(blocking=False):
            raise TooManyAtOnce
        try:
            if not self._slots.acquire(timeout=_WAIT):
                raise TooManyAtOnce
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()

    def make(self, password: str) -> str:
        """The hash of a password, with salt and parameters. To be called in a slot."""
        from werkzeug.security import generate_password_hash  # late: commands need none

        return self._threads.submit(generate_password_hash, password, METHOD).result()

    def is_right(self, stored: str | None, password: str) -> bool:
        """Whether a password has the stored hash; takes as long where there is none. To be called in a slot."""
        from werkzeug.security import check_password_hash

        of_nobody = f"{METHOD}$nobody${'0' * 128}"
        return self._threads.submit(check_password_hash, stored or of_nobody, normalized(password)).result()


def read_new(password: str) -> str:
    """A new password, normalised; raises PasswordRefused for one that is too short or too long."""
    read = normalized(password)
    if len(read) < SHORTEST:
        raise PasswordRefused(f"a password has at least {SHORTEST} characters; these are {len(read)}")
    if len(read) > LONGEST:
        raise PasswordRefused(f"a password has at most {LONGEST:,} characters")
    return read


def normalized(password: str) -> str:
    """A password in NFC, which is the same on all keyboards. One that nobody can have is cut, and stays too long."""
    return unicodedata.normalize("NFC", password[: LONGEST * 4])


def _give_way() -> None:
    """Gives other threads of the machine three times the share: on Linux a priority is that of a thread.

    With the lowest one nobody would get in on a busy machine: a hash took a quarter of a minute.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), 5)
