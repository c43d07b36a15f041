"""A few threads that verify pings while their senders wait, so that slow sources do not block the site."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore

from feedserver.errors import Unavailable


class WaitingSlots:
    """A slot is taken until its verification ends, even if the sender was answered long before.

    Safe to share between threads.
    """

    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number) if number else None
        self._threads = ThreadPoolExecutor(max_workers=max(1, number), thread_name_prefix="ping")
        self._under_way: set[Future[None]] = set()

    def take(self) -> bool:
        """Takes a slot if one is free; `run` or `give_back` must follow."""
        return self._free is not None and self._free.acquire(blocking=False)

    def give_back(self) -> None:
        assert self._free is not None, "only a slot that was taken is given back"
        self._free.release()

    def run(self, work: Callable[[], None]) -> Future[None]:
        """Starts `work` in the slot that was taken. Raises Unavailable if the process stops; the slot stays taken."""
        try:
            future = self._threads.submit(work)
        except RuntimeError as error:
            raise Unavailable from error
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        future.add_done_callback(lambda _: self.give_back())
        return future

    def close(self, seconds: float | None = None) -> None:
        """Starts nothing more, and waits for running verifications, at most `seconds`."""
        self._threads.shutdown(wait=seconds is None)
        if seconds is not None:
            wait(list(self._under_way), timeout=seconds)
