"""A worker that answers where it looks after all connections what needs no waiting, and no thread.

Handing a request to a thread and back costs more than answering one from memory: two wake-ups, and Python's lock to and
fro. An application that has `may_answer_at_once(target)` is asked for requests whose head is complete and that have no
body. It then answers, or raises WouldWait, and is asked again in a thread as if nothing had been.
"""

from concurrent.futures import Future
from typing import Any, Final

from feedserver.outgoing import AtOnce, WouldWait
from feedserver.patience import PatientWorker

_LARGEST_HEAD: Final = 4096  # bytes; what the parser reads in one go is twice that
_HAS_MORE_TO_IT: Final = (b"\ncontent-length", b"\ntransfer-encoding", b"\nexpect", b"\nupgrade")


def _done(kept: bool) -> "Future[bool]":
    done: Future[bool] = Future()
    done.set_result(kept)
    return done


_KEPT: Final = _done(True)
_ENDED: Final = _done(False)


class PromptWorker(PatientWorker):
    """gthread that needs a thread only for what may have to wait."""

    def load_wsgi(self) -> None:
        """Loads the application, and learns whether it can be asked."""
        super().load_wsgi()
        self._may_answer = getattr(self.wsgi, "may_answer_at_once", None)

    def hand_over(self, conn: Any, head: bytes) -> None:
        """Answers a request whose head has arrived, or has a thread answer it."""
        if not self._is_asked(head):
            super().hand_over(conn, head)
            return
        try:
            kept = self.answer(conn, AtOnce(conn.sock))
        except WouldWait:
            self.nr -= 1  # one request, though it is handled twice
            conn.parser = _OnceMore(conn)
            super().hand_over(conn, head)
        except Exception:  # in a thread it would end one connection, here the worker
            self.log.exception("an answer at once failed")
            self._see_off(conn)
        else:
            self.finish_request(conn, _KEPT if kept else _ENDED)

    def _is_asked(self, head: bytes) -> bool:
        if self._may_answer is None or len(head) > _LARGEST_HEAD:
            return False
        method, _, rest = head.partition(b" ")
        if method not in (b"GET", b"HEAD") or not self._may_answer(rest.partition(b" ")[0].decode("latin-1")):
            return False
        low = head.lower()
        return not any(name in low for name in _HAS_MORE_TO_IT)


class _OnceMore:
    """Stands in for a connection's parser until it has handed out the request that was parsed last."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._parser = conn.parser

    def __next__(self) -> Any:
        self._conn.parser = self._parser
        return self._parser.mesg
