from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import pytest

from feedserver.media import adding
from feedserver.media.model import Media
from feedserver.net.exchange import Request, Response
from feedserver.services import WebServices
from feedserver.transfer.imports import spool
from feedserver.transfer.imports.import_media import MediaImport
from feedserver.transfer.items import ImportedMedia, Origin
from feedserver.transfer.source import folder_source
from tests.transfer.imports.exports import START


class Library:
    """Takes everything in."""

    def add(self, file: Path, name: str, alt: str = "") -> Media:
        size = file.stat().st_size
        return Media(hash="0" * 32, name=name, type="image/png", size=size, alt=alt, given="1" * 32, added_at=START)


@pytest.mark.parametrize(
    ("origin", "address", "asked"),
    [
        ("https://old.example/", "/a.png", ["https://old.example/a.png"]),
        ("https://old.example/", "https://pictures.example/a.png", ["https://pictures.example/a.png"]),
        (None, "https://pictures.example/a.png", ["https://pictures.example/a.png"]),
        (None, "/a.png", []),
    ],
)
def test_a_picture_is_fetched_where_the_old_site_had_it(
    origin: str | None, address: str, asked: list[str], services: WebServices, tmp_path: Path
) -> None:
    requests: list[str] = []

    def exchange(request: Request, **_options: Any) -> Response:
        requests.append(request.url)
        into: IO[bytes] | None = request.into
        assert into is not None
        into.write(b"x")
        return Response(request.url, 200, ())

    with spool.opened(tmp_path) as filled:
        filled.fill([Origin(name="x", url=origin), ImportedMedia(key="1", where="x", urls=(address,), name="a.png")])
        source = folder_source(tmp_path, tmp_path)
        MediaImport(
            services.database,
            cast(adding.Library, Library()),
            lambda: START,
            filled,
            source,
            None,
            exchange,
            tmp_path,
            "x",
            1000,
            services.urls,
            services.publisher.revise,
        ).run(lambda _: None)
        left_out = [remark.what for remark in filled.remarks()]

    assert requests == asked
    assert bool(left_out) == (not asked)


def _asked_of(services: WebServices, folder: Path, addresses: Sequence[str], answer: Response) -> list[str]:
    """The URLs that are asked for, where all answer so, and the answer is read if it is wanted."""
    read: list[str] = []

    def exchange(request: Request, **options: Any) -> Response:
        wanted = options["wants_body"](answer)
        read.append(f"{request.url}{'' if wanted else ' unread'}")
        return answer if wanted else replace(answer, truncated=False)

    with spool.opened(folder) as filled:
        items = [ImportedMedia(key=url, where="x", urls=(url,), name="a.png") for url in addresses]
        filled.fill([Origin(name="x", url="https://old.example/"), *items])
        library, source = cast(adding.Library, Library()), folder_source(folder, folder)
        made = MediaImport(
            services.database,
            library,
            lambda: START,
            filled,
            source,
            None,
            exchange,
            folder,
            "x",
            1000,
            services.urls,
            services.publisher.revise,
        )
        made.run(lambda _: None)
    return read


def test_an_export_of_many_hosts_that_fail_comes_to_an_end(services: WebServices, tmp_path: Path) -> None:
    addresses = [f"https://{number}.example/{name}.png" for number in range(60) for name in "ab"]
    broken = Response("", 503, ())

    asked = _asked_of(services, tmp_path, addresses, broken)

    assert {url.split("/")[2] for url in asked} == {f"{number}.example" for number in range(50)}


def test_of_pictures_without_an_end_three_are_read(services: WebServices, tmp_path: Path) -> None:
    addresses = [f"https://old.example/{number}.png" for number in range(9)]

    assert len(_asked_of(services, tmp_path, addresses, Response("", 200, (), truncated=True))) == 3


def test_files_that_are_announced_as_too_large_are_not_read_and_no_failure(
    services: WebServices, tmp_path: Path
) -> None:
    addresses = [f"https://old.example/{number}.png" for number in range(5)]
    large = Response("", 200, (("Content-Length", "1001"),), truncated=True)

    assert _asked_of(services, tmp_path, addresses, large) == [f"{url} unread" for url in addresses]
