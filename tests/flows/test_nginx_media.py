"""Debian's nginx with config/nginx.conf sends pictures and files itself, where its operator wants that."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from feedserver.media.content_types import EXTENSIONS
from feedserver.media.files import FileStore
from tests.support.proxy import PROGRAM, SHIPPED, WHY_NOT, Nginx
from tests.support.serving import Blog, free_port, request

HASH = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx in front of a server that has nothing, with three files of its own."""
    if PROGRAM is None:
        pytest.skip(WHY_NOT)
    folder = tmp_path_factory.mktemp("media")
    store = FileStore(folder / "media", private=False)
    (folder / "given").write_bytes(b"0123456789")
    for name in ("roof.jpg", "talk.pdf", "notes.txt", "page.html.bin"):
        store.put(HASH, name, folder / "given")
    (folder / "nginx").mkdir()
    server = Blog("127.0.0.1")
    nginx = Nginx(folder / "nginx", int(server.url.rpartition(":")[2]), free_port(), media=folder / "media")
    with closing(server), nginx.running():
        yield nginx.url


def test_a_picture_is_sent_with_its_type_for_ever_and_in_parts(url: str) -> None:
    for base in (url, f"{url}/notes"):
        status, headers, body = request(f"{base}/media/{HASH}/roof.jpg")

        assert (status, body, headers["content-type"]) == (200, b"0123456789", "image/jpeg")
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "content-disposition" not in headers
    assert request(f"{url}/media/{HASH}/roof.jpg", headers={"Range": "bytes=2-4"})[::2] == (206, b"234")


@pytest.mark.parametrize("name", ["talk.pdf", "notes.txt", "page.html.bin"])
def test_what_is_no_picture_is_for_saving(url: str, name: str) -> None:
    status, headers, _ = request(f"{url}/media/{HASH}/{name}")

    assert (status, headers["content-disposition"], headers["x-content-type-options"]) == (200, "attachment", "nosniff")
    assert headers["content-type"] in ("application/pdf", "application/octet-stream")


def test_what_is_not_there_is_asked_of_the_site(url: str) -> None:
    assert request(f"{url}/media/{HASH}/other.jpg")[0] == 404


UPLOADS = (
    *("/desk/media", "/micropub/media", "/xmlrpc.php", "/notes/desk/media", "/desk/posts/new"),
    *(f"/desk/posts/{slug}/edit" for slug in ("welcome", "moderation", "my-receipts", "notices")),
)


@pytest.mark.parametrize("path", UPLOADS)
def test_where_authors_upload_long_bodies_are_handed_on_whatever_a_post_is_called(url: str, path: str) -> None:
    assert request(url + path, body=b"x" * 17_000_000)[0] == 404, "an answer of the server behind"


@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk", "/notes/desk/account/apps"])
def test_what_is_too_long_for_a_form_of_the_desk_is_refused_by_the_site_itself(url: str, path: str) -> None:
    assert request(url + path, body=b"x" * 9_600_000)[0] == 404
    assert request(url + path, body=b"x" * 17_000_000)[0] == 413


@pytest.mark.parametrize("path", ["/", "/pingback", "/desktop", "/notices/TOKEN", "/posts/hello/comments"])
def test_elsewhere_256_kb_are_the_most(url: str, path: str) -> None:
    assert request(url + path, body=b"x" * 262_144)[0] == 404
    assert request(url + path, body=b"x" * 262_145)[0] == 413


def test_it_has_the_types_of_all_pictures_sounds_and_films() -> None:
    written = dict(
        re.findall(r"^        #         ((?:image|audio|video)/\S+) ([^;]+);$", SHIPPED.read_text(), re.MULTILINE)
    )

    known = {kind: " ".join(every) for kind, every in EXTENSIONS.items() if re.match("image/|audio/|video/", kind)}
    assert written == known
