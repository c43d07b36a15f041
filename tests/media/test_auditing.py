"""Rows without a file, and files without a row."""

from pathlib import Path

from feedserver.media.auditing import Audit, audit
from feedserver.services import WebServices
from tests.media.builders import add, picture, serve


def test_what_rows_and_store_do_not_agree_on_is_told(services: WebServices, tmp_path: Path) -> None:
    serve(services, b"whole", "whole.bin", "application/octet-stream", tmp_path)
    cut = serve(services, b"cut short", "cut.bin", "application/octet-stream", tmp_path)
    (services.settings.media_dir / cut.hash / cut.name).write_bytes(b"cut")
    lost = picture("roof.jpg")
    add(services, lost)
    (tmp_path / "left").write_bytes(b"x")
    services.media_files.put("0" * 32, "left.bin", tmp_path / "left")

    found = audit(services.database, services.media_files)

    assert found == Audit(
        missing=tuple(sorted(f"{one.hash}/{one.name}" for one in (cut, lost, *lost.copies))),
        unnamed=(f"{'0' * 32}/left.bin",),
    )


def test_a_site_without_pictures_is_in_order(services: WebServices) -> None:
    assert audit(services.database, services.media_files) == Audit((), ())
