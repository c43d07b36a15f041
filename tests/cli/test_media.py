"""`feedserver media …`: pictures and files of the site."""

import json
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.support.media_files import encoded

PDF = b"%PDF-1.4\n1 0 obj\n"


@pytest.fixture
def talk(site: Path) -> str:
    """A file that is no picture."""
    (site / "talk.pdf").write_bytes(PDF)
    return "talk.pdf"


def listed(run: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("media", "list", "--json").text)
    return found


def test_a_picture_is_added_listed_and_removed(run: Run, site: Path) -> None:
    (site / "The roof.png").write_bytes(encoded(Image.new("RGB", (3200, 20), "red"), "PNG"))

    added = run("media", "add", "The roof.png")
    one = listed(run)[0]

    assert (added.status, len(added.out)) == (0, 2)
    url = added.out[0]
    assert url.startswith("http://blog.example/media/")
    path = url.removeprefix("http://blog.example")
    assert added.out[1] == f"![]({path})"
    assert added.err == [
        f"feedserver: {one['name']} has no alternative text: say what it shows with --alt, or between the brackets"
    ]
    assert list(one) == ["name", "url", "type", "size", "width", "height", "alt", "added_at"]
    assert (one["url"], one["type"], one["width"], one["height"], one["alt"]) == (url, "image/png", 3200, 20, None)

    assert run("media", "remove", one["name"]).out == [f"removed {url}"]
    assert listed(run) == []
    assert list((site / "var" / "media").rglob("*.png")) == []


def test_the_same_bytes_twice_are_one_and_another_text_replaces_the_first(run: Run, site: Path, talk: str) -> None:
    first = run("media", "add", talk, "--alt", "One")
    (site / "copy.pdf").write_bytes(PDF)
    second = run("media", "add", "copy.pdf", "--alt", "Two")

    assert second.out == first.out
    assert [one["alt"] for one in listed(run)] == ["Two"]
    assert first.out[1] == f"[talk.pdf]({first.out[0].removeprefix('http://blog.example')})"
    assert first.err == second.err == []


def test_of_several_files_one_that_is_refused_stops_no_other(run: Run, site: Path, talk: str) -> None:
    (site / "bad.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    done = run("media", "add", "bad.svg", "none.jpg", talk)

    assert (done.status, len(done.out), len(done.err)) == (1, 2, 2)
    assert "bad.svg" in done.err[0]
    assert "none.jpg" in done.err[1]


@pytest.mark.usefixtures("site")
def test_a_folder_is_refused_by_its_name(run: Run) -> None:
    assert run("media", "add", ".").err == ["feedserver: .: it is no file"]


def test_a_file_that_is_too_large_is_refused_with_a_line(run: Run, talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSERVER_MEDIA_LARGEST", "5")

    done = run("media", "add", talk)

    assert (done.status, done.out, len(done.err)) == (1, [], 1)
    assert "media.largest" in done.err[0]


def test_what_a_post_shows_is_removed_only_by_force(run: Run, site: Path, talk: str) -> None:
    (site / "fog.md").write_text("---\ntitle: Fog\n---\n[the talk](talk.pdf)\n")
    run("post", "add", "fog.md")

    refused, forced = run("media", "remove", talk), run("media", "remove", talk, "--force")

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "“fog”" in refused.err[0]
    assert "--force" in refused.err[0]
    assert (forced.status, len(forced.out)) == (0, 1)


def test_what_only_a_deleted_post_shows_is_removed(run: Run, site: Path, talk: str) -> None:
    (site / "fog.md").write_text("---\ntitle: Fog\n---\n[the talk](talk.pdf)\n")
    run("post", "add", "fog.md")
    run("post", "delete", "fog")

    assert run("media", "remove", talk).status == 0


def test_where_two_have_one_name_the_hash_says_which(run: Run, site: Path, talk: str) -> None:
    first = run("media", "add", talk).out[0]
    (site / "talk.pdf").write_bytes(PDF + b"%")
    second = run("media", "add", talk).out[0]

    refused = run("media", "remove", talk)
    removed = run("media", "remove", second.removeprefix("http://blog.example/media/"))

    assert (refused.status, len(refused.err)) == (1, 1)
    assert all(url.removeprefix("http://blog.example/media/") in refused.err[0] for url in (first, second))
    assert removed.out == [f"removed {second}"]
    assert [one["url"] for one in listed(run)] == [first]


@pytest.mark.parametrize("name", ["gespräch.pdf", unicodedata.normalize("NFD", "gespräch.pdf"), "gespr%C3%A4ch.pdf"])
def test_a_name_is_found_in_any_unicode_form_and_as_it_stands_in_its_address(run: Run, site: Path, name: str) -> None:
    (site / "gespräch.pdf").write_bytes(PDF)
    (added, _) = run("media", "add", "gespräch.pdf").out

    assert run("media", "remove", name).out == [f"removed {added}"]


def test_a_name_that_nothing_has_is_not_found(run: Run, talk: str) -> None:
    for name in ("none.jpg", "0" * 32 + "/none.jpg", "../../etc/passwd"):
        assert (run("media", "remove", name).status, len(run("media", "remove", name).err)) == (1, 1)


def test_a_file_that_no_row_names_can_be_removed_too(run: Run, site: Path, talk: str) -> None:
    run("media", "list")
    place = site / "var" / "media" / ("0" * 32)
    place.mkdir(parents=True)
    (place / "left.bin").write_bytes(b"x")

    assert run("media", "remove", f"{'0' * 32}/left.bin").status == 0
    assert not (place / "left.bin").exists()


def test_a_file_that_was_lost_is_put_back_by_adding_it_again(run: Run, site: Path, talk: str) -> None:
    path = run("media", "add", talk).out[0].removeprefix("http://blog.example/")
    (site / "var" / path).unlink()

    run("media", "add", talk)

    assert (site / "var" / path).read_bytes() == PDF
