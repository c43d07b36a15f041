"""The same export has not changed when it is read again, however much time has passed; another one may have."""

from pathlib import Path

import pytest

from feedserver.cli.transfer import importer_of
from feedserver.services import WebServices
from feedserver.transfer.imports.planning import Plan
from tests.support.media_files import encoded, quarters
from tests.support.outside import Clock
from tests.transfer.conftest import silent
from tests.transfer.formats.wordpress_exports import comment, item, wxr
from tests.transfer.imports.test_importing_media import folder_with
from tests.transfer.imports.test_importing_posts import found

SOON = "2026-03-20 07:00:00"  # after the first import of each test
NO_DATE = "0000-00-00 00:00:00"


def scheduled(status: str = "future", **given: str) -> bytes:
    return wxr(item(wp__status=status, wp__post_date=SOON, wp__post_date_gmt=SOON, **given))


def document(fields: str) -> bytes:
    return f"---\ntitle: A post\ndate: 2020-01-01\n{fields}\n---\nWords.\n".encode()


def import_of(services: WebServices, export: Path, media: Path | None = None) -> Plan:
    """Imports an export; returns what was planned."""
    with importer_of(services).opened(export, None, media, silent) as opened:
        opened.apply()
        return opened.plan


def changed(services: WebServices, export: Path, content: bytes) -> int:
    """Imports an export with this content; returns how many posts and thoughts it is told to have changed."""
    export.write_bytes(content)
    plan = import_of(services, export)
    return plan.posts.changed + plan.thoughts.changed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("blog.xml", wxr(item(comment(wp__comment_date=NO_DATE, wp__comment_date_gmt=NO_DATE)))),
        ("blog.xml", scheduled()),
        ("post.md", document("publishDate: 2026-03-20")),
        ("post.md", document("expiryDate: 2026-03-20")),
        ("post.md", document("publishDate: 2026-03-15\nexpiryDate: 2026-03-20")),
        ("post.md", document("publishDate: 2026-03-20\nexpiryDate: 2026-03-15")),
    ],
)
def test_time_that_passes_changes_nothing_there(
    services: WebServices, clock: Clock, tmp_path: Path, name: str, content: bytes
) -> None:
    changes = [changed(services, tmp_path / name, content)]
    for _ in range(3):
        clock.move(days=9)
        changes.append(changed(services, tmp_path / name, content))

    assert changes == [0, 0, 0, 0]


def test_a_copy_of_an_export_is_known_when_its_day_has_come(
    services: WebServices, clock: Clock, tmp_path: Path
) -> None:
    copies = [folder_with(tmp_path / name, {"post.md": document("publishDate: 2026-03-20")}) for name in ("a", "b")]
    import_of(services, copies[0])
    clock.move(days=30)

    assert import_of(services, copies[1]).posts.new == 0


def test_a_scheduled_post_that_lacked_a_picture_stays_public_when_it_gets_it(
    services: WebServices, clock: Clock, tmp_path: Path
) -> None:
    address = "https://old.example/wp-content/uploads/meadow.jpg"
    export = tmp_path / "blog.xml"
    export.write_bytes(scheduled(content__encoded=f'<img src="{address}">'))
    import_of(services, export)
    clock.move(days=30)
    uploads = folder_with(tmp_path / "uploads", {"meadow.jpg": encoded(quarters(), "JPEG")})

    import_of(services, export, uploads)

    post = found(services, "a-post")
    assert ('="/media/' in post.source, post.state) == (True, "published")


def test_a_scheduled_post_that_appeared_in_time_has_not_changed_and_one_that_was_late_has(
    services: WebServices, clock: Clock, tmp_path: Path
) -> None:
    in_time, late = tmp_path / "in-time.xml", tmp_path / "late.xml"
    changed(services, in_time, scheduled())
    clock.move(days=30)
    appeared = changed(services, in_time, scheduled("publish"))
    other = scheduled().replace(b"https://old.example", b"https://late.example")
    changed(services, late, other)

    assert appeared == 0
    assert changed(services, late, other.replace(b"future", b"publish")) == 1
