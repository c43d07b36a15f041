"""Services: every part is made once for a process, however many threads begin to use it together."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from feedserver import services as module
from feedserver.services import WebServices, once
from feedserver.thoughts.comments import Tokens

THREADS = 16


def from_many_threads(attribute: Callable[[], object]) -> list[object]:
    """What each of the threads finds that all read an attribute at the same moment."""
    together = Barrier(THREADS)

    def read(_: int) -> object:
        together.wait(timeout=30)
        return attribute()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(read, range(THREADS)))


def test_all_threads_share_the_tokens_of_the_comment_form(
    services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Tokens", slowly(Tokens))

    found = from_many_threads(lambda: services.tokens)

    assert len({id(tokens) for tokens in found}) == 1


def test_the_moderation_key_is_made_once(services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(module, "secret", slowly(lambda _: asked.append(1) or "a secret"))

    found = from_many_threads(lambda: services.moderation_key)

    assert len(set(found)) == len(asked) == 1


def test_a_part_that_could_not_be_made_is_made_at_the_next_use(
    services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(module, "Tokens", None)
        with pytest.raises(TypeError):
            _ = services.tokens

    assert isinstance(services.tokens, Tokens)


def test_all_other_parts_exist_before_the_first_thread_does(services: WebServices) -> None:
    late = [name for kind in type(services).__mro__ for name, value in vars(kind).items() if isinstance(value, once)]

    assert sorted(late) == ["moderation_key", "tokens"]
    assert {"database", "waiting_slots", "runner", "receiver", "feed_documents", "page_cache"} <= vars(services).keys()


def slowly(make: Callable[..., object]) -> Callable[..., object]:
    """`make`, with time enough for other threads to begin the same."""

    def wait_and_make(*arguments: object) -> object:
        time.sleep(0.05)
        return make(*arguments)

    return wait_and_make
