"""A server whose standard output is a pipe that nobody reads, such as that of a log collector that hangs."""

import fcntl
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import FEEDSERVER, clean_environ, free_port, request
from tests.support.waiting import wait_until

PIPE_BYTES = 4096
AGENT = "Reader/1.0 " + "x" * 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    with (tmp_path / "errors.log").open("wb") as errors:
        process = subprocess.Popen(
            [*FEEDSERVER, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"],
            cwd=tmp_path,
            env=clean_environ(),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), 30, lambda: (tmp_path / "errors.log").read_text())
        yield process, url
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def answers(url: str) -> bool:
    try:
        return request(f"{url}/healthz")[0] == 200
    except OSError:
        return False


def test_requests_are_answered_and_the_server_ends_although_nobody_reads_its_log(
    server: tuple[subprocess.Popen[bytes], str],
) -> None:
    process, url = server

    statuses = [request(f"{url}/feed.rss", headers={"User-Agent": AGENT})[0] for _ in range(60)]
    process.send_signal(signal.SIGTERM)

    assert set(statuses) == {200}
    assert len(statuses) * len(AGENT) > 10 * PIPE_BYTES
    assert process.wait(25) == 0, "gunicorn kills a worker that has not ended after 30 s"
