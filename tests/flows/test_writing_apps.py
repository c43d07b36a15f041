"""Writing apps and a real server: a library's client publishes; strangers' uploads take neither memory nor disk."""

import http.client
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from xmlrpc.client import Binary, Fault, ServerProxy, dumps, loads

import pytest

from tests.support.serving import Site, request, running_site
from tests.support.waiting import SECONDS

LONG = 190_000_000  # bytes, below `media.largest`


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), workers=1) as site:
        site.command("account", "add", "mara")
        yield site


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    return site.command("app", "add", "a script", "--account", "mara").stdout.split()[-1]


def door(site: Site) -> Any:
    """The methods of the site by their names, as the library has them."""
    return ServerProxy(f"{site.url}/xmlrpc.php")


@pytest.fixture
def blog(site: Site) -> Iterator[Any]:
    with door(site) as proxy:
        yield proxy


def test_a_librarys_client_finds_publishes_edits_lists_uploads_and_deletes(site: Site, token: str, blog: Any) -> None:
    me = ("mara", token)
    assert f'href="{site.url}/rsd.xml"' in site.get("/")[2].decode()
    assert "metaWeblog.newPost" in blog.system.listMethods()
    [found] = blog.wp.getUsersBlogs(*me)
    assert found["xmlrpc"] == f"{site.url}/xmlrpc.php"

    file = blog.metaWeblog.newMediaObject("1", *me, {"name": "notes.txt", "bits": Binary(b"words " * 100_000)})
    assert request(file["url"])[2] == b"words " * 100_000

    said = {"title": "Larks", "description": f"[notes]({file['url']})", "categories": ["Birds"]}
    number = blog.metaWeblog.newPost("1", *me, said, True)
    assert site.get("/posts/larks")[0] == 200
    assert b"Larks" in site.get("/feed.json")[2]

    assert blog.metaWeblog.editPost(number, *me, {"title": "Skylarks"}) is True
    [listed] = [one for one in blog.metaWeblog.getRecentPosts("1", *me, 5) if one["postid"] == number]
    assert (listed["title"], listed["categories"]) == ("Skylarks", ["Birds"])

    assert blog.blogger.deletePost("", number, *me, True) is True
    assert site.get("/posts/larks")[0] == 410
    assert token not in site.log()


def test_a_wrong_token_is_a_fault(site: Site, blog: Any) -> None:
    with pytest.raises(Fault) as refused:
        blog.wp.getUsersBlogs("mara", "wrong")

    assert refused.value.faultCode == 403


def test_two_apps_that_write_at_once_lose_nothing(site: Site, token: str) -> None:
    me = ("mara", token)
    with door(site) as blog:
        number = blog.metaWeblog.newPost("1", *me, {"title": "T", "description": "D"}, True)

    def write(struct: dict[str, str]) -> None:
        with door(site) as blog:
            blog.metaWeblog.editPost(number, *me, struct)

    writers = [Thread(target=write, args=({name: name},)) for name in ("title", "description", "mt_excerpt")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SECONDS)
    with door(site) as blog:
        found = blog.metaWeblog.getPost(number, *me)
    assert [found[name] for name in ("title", "description", "mt_excerpt")] == [
        "title",
        "description",
        "mt_excerpt",
    ]


def test_a_long_body_without_a_token_takes_neither_memory_nor_disk_and_is_answered(site: Site) -> None:
    call = dumps(("1", "mara", "wrong", {"bits": Binary(b"x" * 70_000)}), "metaWeblog.newMediaObject").encode()
    peak = peak_of_workers(site)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)

    connection.putrequest("POST", "/xmlrpc.php")
    connection.putheader("Content-Length", str(LONG))
    connection.endheaders()
    connection.send(call)
    sent, largest, piece = len(call), 0, b"A" * 1_000_000
    while sent < LONG:
        connection.send(piece[: LONG - sent])
        sent += len(piece[: LONG - sent])
        if sent // len(piece) % 20 == 0:
            largest = max(largest, unnamed_bytes(site))
    with pytest.raises(Fault) as refused:
        loads(connection.getresponse().read())
    connection.close()

    assert refused.value.faultCode == 403
    assert largest <= 65_536
    assert peak_of_workers(site) - peak < 20_000_000


def test_a_long_file_with_a_token_is_taken_without_memory(site: Site, token: str) -> None:
    given = os.urandom(1000) * 60_000
    call = dumps(("1", "mara", token, {"name": "film.bin", "bits": Binary(given)}), "metaWeblog.newMediaObject")
    peak = peak_of_workers(site)
    _, _, answer = request(f"{site.url}/xmlrpc.php", body=call.encode())

    file: Any = loads(answer)[0][0]
    assert request(file["url"])[2] == given
    assert peak_of_workers(site) - peak < 30_000_000
    assert [path for path in (site.folder / "var").iterdir() if "unfinished" in path.name] == []


def test_a_slow_body_holds_no_thread_for_longer_than_its_first_piece_may_take(site: Site) -> None:
    head = b"POST /xmlrpc.php HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n<?xml"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        connection.sendall(head)
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 40


def workers(site: Site) -> list[int]:
    """The processes of the server but its first one."""
    assert site.process is not None
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        if parent == site.process.pid:
            found.append(int(folder.name))
    return found


def peak_of_workers(site: Site) -> int:
    """The most bytes that workers have held."""
    peaks = [re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in workers(site)]
    return sum(int(peak[1]) * 1024 for peak in peaks if peak)


def unnamed_bytes(site: Site) -> int:
    """The bytes of files without a name that workers have open."""
    found = 0
    for pid in workers(site):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                where = os.readlink(file)
                found += os.stat(file).st_size if where.startswith("/") and where.endswith("(deleted)") else 0
            except OSError:  # closed meanwhile
                continue
    return found
