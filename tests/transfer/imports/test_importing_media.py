"""Pictures and files of an import: from the export, from a folder, from the old site; what cannot be had is told."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Literal
from unicodedata import normalize
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from feedserver.transfer.imports.planning import CHANGED
from feedserver.transfer.items import ImportedMedia, Origin
from tests.posts.builders import edit, everything
from tests.support.elsewhere import ElsewhereServer, Received, respond
from tests.support.media_files import encoded, quarters
from tests.transfer.imports.exports import OLD, Exports, post
from tests.transfer.imports.test_importing_posts import found

PATH = "/wp-content/uploads/2023/03/meadow.jpg"
TEXT = f'<a href="{OLD}{PATH}"><img src="{PATH.replace(".jpg", "-300x200.jpg")}" alt="A meadow"></a>'


@pytest.fixture(scope="module")
def picture() -> bytes:
    return encoded(quarters(), "JPEG")


def meadow(**values: object) -> ImportedMedia:
    urls = (f"{OLD}{PATH}", f"{OLD}{PATH.replace('.jpg', '-300x200.jpg')}")
    return replace(ImportedMedia(key="7", where="item 7", urls=urls, name="meadow.jpg"), **values)  # type: ignore[arg-type]


def folder_with(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def test_a_picture_of_the_export_is_shown_from_here(
    services: WebServices, exports: Exports, client: FlaskClient, picture: bytes
) -> None:
    folder_with(exports.folder / "export", {"content/meadow.jpg": picture})

    remarks = exports.run(services, meadow(file="content/meadow.jpg", alt="Grass"), post(text=TEXT))

    source = found(services, "post-1").source
    assert remarks == []
    assert OLD not in source.partition("---\n<")[2]
    assert source.count('="/media/') == 2
    assert 'width="48"' in client.get("/posts/post-1").text
    address = source.partition('src="')[2].partition('"')[0]
    with client.get(address) as shown:
        assert shown.status_code == 200


def test_a_folder_of_uploads_is_looked_through_by_the_ends_of_paths(
    services: WebServices, exports: Exports, tmp_path: Path, picture: bytes
) -> None:
    files = {"2023/03/meadow.jpg": picture, "2022/01/meadow.jpg": picture + b" ", "other.jpg": b""}
    uploads = folder_with(tmp_path / "uploads", files)

    assert exports.run(services, meadow(), post(text=TEXT), media=uploads) == []
    assert '="/media/' in found(services, "post-1").source


def test_addresses_that_are_none_lead_to_no_file_and_keep_no_post_away(
    services: WebServices, exports: Exports, tmp_path: Path
) -> None:
    uploads = folder_with(tmp_path / "uploads", {"meadow.jpg": b"x"})
    odd = "http://[old/meadow.jpg"

    remarks = exports.run(services, meadow(urls=(odd,)), post(url=odd, slug=None, title="Larks"), media=uploads)

    assert [(one.treatment, one.where) for one in remarks] == [("left out", "item 7")]
    assert found(services, "larks").title == "Larks"


def test_where_a_file_was_leads_to_where_it_is(
    services: WebServices, exports: Exports, client: FlaskClient, picture: bytes
) -> None:
    folder_with(exports.folder / "export", {"meadow.jpg": picture})
    urls = (f"{OLD}{PATH}?w=300", "https://cdn.example/meadow.jpg")

    assert exports.run(services, meadow(urls=urls, file="meadow.jpg"), post()) == []
    before = everything(services)
    exports.run(services)

    for asked in (PATH, f"{PATH}?w=1&h=2"):
        answer = client.get(asked)
        assert (answer.status_code, answer.headers["Location"].rpartition("/")[2]) == (301, "meadow.jpg")
        assert answer.headers["Location"].startswith("http://blog.example/media/")
    assert client.get("/meadow.jpg").status_code == 404
    assert everything(services) == before


@pytest.mark.parametrize(
    ("large", "small"),
    [
        (PATH, PATH.replace(".jpg", "-300x200.jpg")),
        ("/content/images/2023/03/meadow.jpg", "/content/images/size/w600/2023/03/meadow.jpg"),
        ("/content/images/2023/03/meadow.jpg", "/content/images/size/w600h400/format/webp/2023/03/meadow.jpg"),
    ],
)
def test_where_a_smaller_copy_was_leads_to_the_picture(
    large: str, small: str, services: WebServices, exports: Exports, client: FlaskClient, picture: bytes
) -> None:
    folder_with(exports.folder / "export", {"meadow.jpg": picture})
    exports.run(services, meadow(urls=(large,), file="meadow.jpg"), post())

    answers = [client.get(address) for address in (large, small)]

    assert [answer.status_code for answer in answers] == [301, 301]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert client.get(small.replace("meadow", "other")).status_code == 404


def test_of_a_file_and_its_copy_in_a_folder_the_first_that_is_named_counts(
    services: WebServices, exports: Exports, tmp_path: Path, picture: bytes
) -> None:
    copy = PATH.rpartition("/")[2].replace(".jpg", "-300x200.jpg")
    uploads = folder_with(tmp_path / "uploads", {"2023/03/meadow.jpg": picture, f"2023/03/{copy}": b"no picture"})

    assert exports.run(services, meadow(), post(text=TEXT), media=uploads) == []


def packed(folder: Path) -> Path:
    shutil.make_archive(str(folder), "zip", folder)
    return folder.with_suffix(".zip")


@pytest.mark.parametrize("held", [lambda folder: folder, packed], ids=["a folder", "a zip"])
@pytest.mark.parametrize(("form", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_file_is_found_by_an_address_in_another_unicode_form(
    services: WebServices,
    exports: Exports,
    tmp_path: Path,
    picture: bytes,
    form: Literal["NFC", "NFD"],
    other: Literal["NFC", "NFD"],
    held: Callable[[Path], Path],
) -> None:
    path = "2023/März/Gänseblümchen.jpg"
    uploads = held(folder_with(tmp_path / "uploads", {normalize(form, path): picture}))
    address = f"{OLD}/wp-content/uploads/{quote(normalize(other, path))}"

    remarks = exports.run(services, meadow(urls=(address,)), post(text=f'<img src="{address}">'), media=uploads)

    assert remarks == []
    assert '="/media/' in found(services, "post-1").source


def test_of_two_files_whose_names_differ_in_their_unicode_form_the_one_that_is_named_counts(
    services: WebServices, exports: Exports, tmp_path: Path, picture: bytes
) -> None:
    named, other = (normalize(form, "2023/Möwe.jpg") for form in ("NFD", "NFC"))
    uploads = folder_with(tmp_path / "uploads", {named: picture, other: b"no picture"})

    assert exports.run(services, meadow(urls=(f"{OLD}/{quote(named)}",)), post(), media=uploads) == []


def test_what_cannot_be_had_stays_at_its_old_address_and_is_told(services: WebServices, exports: Exports) -> None:
    (remark,) = exports.run(services, meadow(), post(text=TEXT))

    assert (remark.treatment, remark.where) == ("left out", "item 7")
    assert f'<img src="{OLD}{PATH.replace(".jpg", "-300x200.jpg")}"' in found(services, "post-1").source


def test_what_is_had_at_last_is_shown_in_the_post_unless_that_was_edited(
    services: WebServices, exports: Exports, tmp_path: Path, picture: bytes
) -> None:
    exports.run(services, meadow(), post(text=TEXT), post("2", text=TEXT))
    edit(services, "post-2", body="Mine.")
    before = found(services, "post-1")
    uploads = folder_with(tmp_path / "uploads", {"2023/03/meadow.jpg": picture})

    exports.run(services, media=uploads)

    after = found(services, "post-1")
    assert after.source.count('="/media/') == 2
    assert (after.updated_at, after.published_at, after.guid) == (before.updated_at, before.published_at, before.guid)
    assert found(services, "post-2").source.endswith("Mine.\n")

    stored = everything(services)
    exports.run(services, media=uploads)
    assert everything(services) == stored


def test_a_post_that_lacks_a_file_is_not_what_has_changed_there(
    services: WebServices, exports: Exports, tmp_path: Path, picture: bytes
) -> None:
    exports.run(services, meadow(), post(text=TEXT, state="draft"), post("2", text=TEXT))
    before = [found(services, slug) for slug in ("post-1", "post-2")]
    uploads = folder_with(tmp_path / "uploads", {"2023/03/meadow.jpg": picture})

    for folder in (None, uploads):
        changed = post(text=f"{TEXT} More."), post("2", text=TEXT, state="draft")
        remarks = exports.run(services, meadow(), *changed, media=folder)

        assert [one.why for one in remarks if one.where != "item 7"] == [CHANGED, CHANGED]
        assert [found(services, slug) for slug in ("post-1", "post-2")] == before


class OldSite(ElsewhereServer):
    """Serves the picture everywhere, but where another status stands in `answers`."""

    def __init__(self, picture: bytes) -> None:
        self.answers: dict[str, int] = {}
        self._picture = picture
        super().__init__("127.0.2.9", self._answer)

    def _answer(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        status = self.answers.get(received.target, 200)
        respond(handler, status, [("Content-Type", "image/jpeg")], self._picture if status == 200 else b"")

    @property
    def asked(self) -> list[str]:
        return [request.target for request in self.requests]


@pytest.fixture
def old_site(picture: bytes) -> Iterator[OldSite]:
    site = OldSite(picture)
    yield site
    site.close()


def origin_at(site: OldSite) -> Origin:
    return Origin(name="old", url=site.url)


def test_pictures_are_fetched_from_the_old_site_once_those_of_texts_too(
    services: WebServices, exports: Exports, old_site: OldSite
) -> None:
    text = '<img src="/a.jpg"><img src="/b.jpg"><img src="http://foreign.example/c.jpg"><a href="/d.html">d</a>'
    media = ImportedMedia(key="a", where="item a", urls=("/a.jpg",), name="a.jpg")

    for _ in range(2):
        exports.run(services, media, post(text=text, url="/1/"), origin=origin_at(old_site))

    source = found(services, "1").source
    assert old_site.asked == ["/a.jpg", "/b.jpg"]
    assert old_site.most_at_once == 1
    assert source.count('src="/media/') == 2
    assert 'src="http://foreign.example/c.jpg"' in source


def test_a_file_that_is_not_at_its_first_address_any_more_is_fetched_from_another(
    services: WebServices, exports: Exports, old_site: OldSite
) -> None:
    old_site.answers = {"/a.jpg": 404}
    media = meadow(urls=("/a.jpg", "/a-scaled.jpg"))

    remarks = exports.run(services, media, post(text='<img src="/a.jpg">', url="/1/"), origin=origin_at(old_site))

    assert remarks == []
    assert old_site.asked == ["/a.jpg", "/a-scaled.jpg"]
    assert 'src="/media/' in found(services, "1").source


def test_a_host_that_fails_three_times_is_not_asked_again(
    services: WebServices, exports: Exports, old_site: OldSite
) -> None:
    old_site.answers = {f"/{number}.jpg": 503 for number in range(9)}
    text = "".join(f'<img src="/{number}.jpg">' for number in range(9))

    remarks = exports.run(services, post(text=text, url="/1/"), origin=origin_at(old_site))

    assert old_site.asked == ["/0.jpg", "/1.jpg", "/2.jpg"]
    assert len(remarks) == 9


def test_a_dry_run_fetches_nothing(services: WebServices, exports: Exports, old_site: OldSite) -> None:
    exports.holds(
        meadow(urls=("/a.jpg",)), post(text='<img src="/a.jpg"><img src="/b.jpg">'), origin=origin_at(old_site)
    )

    exports.plan(services)

    assert old_site.asked == []


def test_what_is_no_picture_is_left_out(services: WebServices, exports: Exports, old_site: OldSite) -> None:
    exports.run(services, meadow(urls=("/a.svg",), name="a.svg"), post(url="/1/"), origin=origin_at(old_site))

    folder_with(exports.folder / "export", {"a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"})
    (remark,) = exports.run(services, meadow(key="8", urls=(), name="a.svg", file="a.svg"))
    assert "a.svg" in remark.what
