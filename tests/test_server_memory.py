"""malloc arenas: a quarter of a worker's memory."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import ctypes, threading
from feedserver.server import share_memory
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(9)

def allocate():
    libc.malloc(100_000)
    together.wait(timeout=30)
    together.wait(timeout=30)

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
together.wait(timeout=30)
libc.malloc_stats()
together.wait(timeout=30)
"""


def arenas(first: str) -> int:
    """The number of malloc arenas of eight threads, by malloc_stats(3)."""
    program = [sys.executable, "-c", _PROGRAM.format(first=first)]
    return subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stderr.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the option")
def test_threads_share_two_arenas() -> None:
    assert arenas("share_memory()") <= 2 < arenas("")
