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
