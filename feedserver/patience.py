"""gunicorn's gthread worker, which hands a connection to a thread only when its request's head has arrived.

As it comes, gthread reads the head in a thread: as many half-sent requests as there are threads stop a worker, for as
long as their senders like to drip. Here a head that is not complete waits beside the poller, within one deadline, and
takes no thread. What depends on the request line alone, and the body, are as gunicorn does them.
"""

import time
from functools import partial
from selectors import EVENT_READ
from socket import MSG_DONTWAIT, MSG_PEEK
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

_HEAD_SECONDS: Final = 10.0  # for the whole head of a request, from its first byte
_LOOK_EVERY: Final = 0.05  # seconds, at heads of which a part is there
_LARGEST_HEAD: Final = 65_536  # bytes looked at; gunicorn refuses what is longer
_END_OF_HEAD: Final = b"\r\n\r\n"


class PatientWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is published without types
    """gthread whose threads never wait for the head of a request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._partial: list[tuple[float, Any]] = []
        self._look_at = 0.0  # not with each event: a look costs a system call for each of them

    def enqueue_req(self, conn: Any) -> None:
        """Takes a connection that is new or has something to read: to a thread, or to where it waits."""
        if self.cfg.is_ssl or _read_ahead(conn):
            super().enqueue_req(conn)
            return
        match _head(conn):
            case None:
                self._wait_for_first_byte(conn)
            case b"":
                self._drop(conn)
            case head if _complete(head):
                self._hand_over(conn)
            case _:
                self._partial.append((time.monotonic() + _HEAD_SECONDS, conn))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One round of the worker's loop, in which heads that have been completed go on their way."""
        super().wait_for_and_dispatch_events(min(timeout, _LOOK_EVERY) if self._partial else timeout)
        if not self._partial or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_EVERY
        waiting, self._partial = self._partial, []
        for deadline, conn in waiting:
            head = _head(conn)
            if head and _complete(head):
                self._hand_over(conn)
            elif head == b"" or time.monotonic() > deadline:
                self._drop(conn)
            else:
                self._partial.append((deadline, conn))

    def _hand_over(self, conn: Any) -> None:
        conn.data_ready = True
        super().enqueue_req(conn)

    def _wait_for_first_byte(self, conn: Any) -> None:
        """Has the poller wait, as gthread does itself for connections that say nothing for a while."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _HEAD_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _read_ahead(conn: Any) -> bool:
    """Whether the parser holds bytes of the next request already, so that the socket tells only half."""
    return bool(conn.initialized and conn.parser.unreader.buf.getvalue())


def _head(conn: Any) -> bytes | None:
    """What has arrived, left where it is: None for nothing yet, empty at the end of the connection."""
    try:
        return bytes(conn.sock.recv(_LARGEST_HEAD, MSG_PEEK | MSG_DONTWAIT))
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _complete(head: bytes) -> bool:
    return _END_OF_HEAD in head or len(head) >= _LARGEST_HEAD
