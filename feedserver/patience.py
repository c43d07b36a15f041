"""gunicorn's gthread worker, in which no thread ever waits for the other end of a connection.

As it comes, gthread reads a request's head, sends the answer and sees a connection off in blocking calls, the last of
them where all connections are looked after: as many half-sent requests, or half-read answers, as there are threads
stop a worker for as long as their senders like; so does each single client that is slow to hang up. Here all three
wait beside the poller, within deadlines. What depends on the request line alone, and the body, are as gunicorn does
them; so is TLS, which is not meant to end here.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from socket import MSG_DONTWAIT, MSG_PEEK, SHUT_WR
from typing import Any, Final

from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import ThreadWorker

from feedserver.outgoing import Outgoing

_HEAD_SECONDS: Final = 10.0  # for the whole head of a request, from its first byte
_LOOK_EVERY: Final = 0.05  # seconds, at heads of which a part is there
_LARGEST_HEAD: Final = 32_768  # bytes; a longer one is refused
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"
_SEND_SECONDS: Final = 10.0  # without a byte taken
_ANSWER_SECONDS: Final = 300.0  # for the whole answer
_MOST_UNSENT: Final = 32 * 1_048_576  # bytes for all that read slowly; who has waited longest goes first
_LEAVE_SECONDS: Final = 2.0  # for the other end to hang up: a reset would cost it the end of the answer
_MOST_AFTER_THE_END: Final = 65_536  # bytes that are still read from it meanwhile
_SWEEP_EVERY: Final = 0.5  # seconds, over the deadlines of those that are read slowly or end


class PatientWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is published without types
    """gthread whose threads wait for nothing that a peer sends or takes, but for the body of a request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._partial: list[tuple[float, Any]] = []
        self._look_at = 0.0  # not with each event: a look costs a system call for each of them
        self._watched: dict[Any, float] = {}  # connections whose answer is not taken yet, or that end; their deadlines
        self._unsent: dict[Any, int] = {}  # bytes of such an answer; who has waited longest comes first
        self._sweep_at = 0.0

    def enqueue_req(self, conn: Any) -> None:
        """Takes a connection that is new or has something to read: to a thread, or to where it waits."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        head = _head(conn)
        if head is None:
            self._wait_for_first_byte(conn)
        else:
            self._go_on_with(conn, head, time.monotonic() + _HEAD_SECONDS)

    def hand_over(self, conn: Any, _head: bytes) -> None:
        """Has a thread answer a request whose head has arrived."""
        conn.data_ready = True
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answers a request, in a thread. Returns whether the connection is kept, as gthread does."""
        return super().handle(conn) if self.cfg.is_ssl else self.answer(conn, Outgoing(conn.sock))

    def answer(self, conn: Any, outgoing: Outgoing) -> Any:
        """Answers a request as far as its sender takes the answer at once; the rest is left for the poller."""
        conn.init()  # with the connection itself, where the parser is to read
        conn.sock = outgoing
        try:
            kept = super().handle(conn)
        finally:
            conn.sock = outgoing.connection
        unsent = outgoing.unsent()
        try:
            unsent.send(conn.sock)
        except OSError:  # the other end has left
            return False
        conn.unsent = unsent if len(unsent) else None
        return kept

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Goes on after an answer: with its rest, with the next request, or with the end of the connection."""
        try:
            self._finish(conn, fs)
        except Exception:  # one connection is to end, not the worker with all of them
            self.log.exception("a connection could not be kept")
            self._watched.pop(conn, None)
            self._unsent.pop(conn, None)
            self._drop(conn)

    def _finish(self, conn: Any, fs: "Future[Any]") -> None:
        if self.cfg.is_ssl:
            super().finish_request(conn, fs)
        elif getattr(conn, "unsent", None):
            self._send_the_rest(conn, fs)
        elif not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._see_off(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Handles a request as gthread does. Nobody reads the body of a GET, so its connection is said to end."""
        if req.method in ("GET", "HEAD") and not _is_read(req):
            req.force_close()
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether a connection is kept. A body that nobody has read is not waited for: it may drip for hours."""
        return bool(keepalive) and _is_read(conn.parser.mesg)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One round of the worker's loop; whoever has waited long enough goes on their way."""
        super().wait_for_and_dispatch_events(min(timeout, _LOOK_EVERY) if self._partial else timeout)
        now = time.monotonic()
        if self._partial and now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            self._look_at_partial_heads()
        if self._watched and now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_EVERY
            for conn in list(self._unsent):
                conn.send_more(None)  # the poller reports room only when there is much of it
            for conn in [conn for conn, deadline in self._watched.items() if now > deadline]:
                self._give_up(conn)

    def _look_at_partial_heads(self) -> None:
        waiting, self._partial = self._partial, []
        for deadline, conn in waiting:
            self._go_on_with(conn, _head(conn) or b"", deadline)

    def _go_on_with(self, conn: Any, head: bytes, deadline: float) -> None:
        if _END_OF_HEAD in head:
            self.hand_over(conn, head)
        elif not head or time.monotonic() > deadline:
            self._drop(conn)
        elif len(head) >= _LARGEST_HEAD:
            self._refuse(conn)
        else:
            self._partial.append((deadline, conn))

    def _refuse(self, conn: Any) -> None:
        with suppress(OSError):  # no room, or nobody there: then it ends without a word
            conn.sock.send(_TOO_LARGE, MSG_DONTWAIT)
        self._see_off(conn)

    def _wait_for_first_byte(self, conn: Any) -> None:
        """Has the poller wait, as gthread does itself for connections that say nothing for a while."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _HEAD_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _send_the_rest(self, conn: Any, fs: "Future[Any]") -> None:
        self._unsent[conn] = len(conn.unsent)
        while sum(self._unsent.values()) > _MOST_UNSENT and len(self._unsent) > 1:
            self._give_up(next(iter(self._unsent)))
        conn.send_more = partial(self._send_more, conn, fs, time.monotonic() + _ANSWER_SECONDS)
        self._watch(conn, EVENT_WRITE, conn.send_more, _SEND_SECONDS)

    def _send_more(self, conn: Any, fs: "Future[Any]", give_up_at: float, _socket: Any) -> None:
        if conn not in self._watched:  # given up while its event was waiting
            return
        try:
            sent = conn.unsent.send(conn.sock)
        except OSError:
            self._give_up(conn)
            return
        if not conn.unsent:
            self._unwatch(conn)
            self.finish_request(conn, fs)
        elif sent:
            self._unsent[conn] = len(conn.unsent)
            self._watched[conn] = min(time.monotonic() + _SEND_SECONDS, give_up_at)

    def _see_off(self, conn: Any) -> None:
        """Ends a connection when the other end does, or soon (RFC 9112 section 9.6)."""
        try:
            conn.sock.shutdown(SHUT_WR)
        except OSError:  # the other end has left
            self._drop(conn)
            return
        conn.read_after_the_end = 0
        self._watch(conn, EVENT_READ, partial(self._on_leaving, conn), _LEAVE_SECONDS)

    def _on_leaving(self, conn: Any, _socket: Any) -> None:
        data = _received(conn, _MOST_AFTER_THE_END)
        conn.read_after_the_end += len(data or b"")
        if data == b"" or conn.read_after_the_end >= _MOST_AFTER_THE_END:
            self._give_up(conn)

    def _watch(self, conn: Any, event: int, deed: Callable[[Any], None], seconds: float) -> None:
        conn.sock.setblocking(False)
        self._watched[conn] = time.monotonic() + seconds
        self.poller.register(conn.sock, event, deed)

    def _unwatch(self, conn: Any) -> None:
        del self._watched[conn]
        self._unsent.pop(conn, None)
        self.poller.unregister(conn.sock)

    def _give_up(self, conn: Any) -> None:
        self._unwatch(conn)
        self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _head(conn: Any) -> bytes | None:
    """What has arrived of a request, left where it is: None for nothing yet, empty when nothing more can come of it.

    The parser may hold the beginning already, if it came together with the request before.
    """
    ahead: bytes = conn.parser.unreader.buf.getvalue() if conn.initialized else b""
    came = _received(conn, _LARGEST_HEAD, MSG_PEEK)
    if came:
        return ahead + came
    return (ahead or None) if came is None or _END_OF_HEAD in ahead else b""


def _is_read(request: Any) -> bool:
    """Whether nothing is left of a request's body."""
    return isinstance(request.body.reader, LengthReader) and request.body.reader.length == 0


def _received(conn: Any, most: int, flags: int = 0) -> bytes | None:
    """What has arrived, at `most` so many bytes: None for nothing yet, empty at the end of the connection."""
    try:
        return bytes(conn.sock.recv(most, flags | MSG_DONTWAIT))
    except BlockingIOError:
        return None
    except OSError:
        return b""
