"""`feedserver import`."""

import json
from pathlib import Path

import pytest

from feedserver.transfer.imports.kinds import kinds
from tests.cli.conftest import Run

SAMPLES = Path(__file__).parents[1] / "data/import"
GHOST = SAMPLES / "ghost/own-ghost-5.json"
DAMAGED = SAMPLES / "feeds/medium-rss.xml"


def titles(run: Run) -> list[str]:
    return sorted(post["title"] for post in json.loads(run("post", "list", "--json").text))


def test_the_plan_comes_first_then_what_was_done(run: Run, site: Path) -> None:
    planned = run("import", "--dry-run", GHOST)
    assert (planned.status, planned.err, titles(run)) == (0, [], [])
    assert planned.out[:3] == ["read as ghost: Old Meadow", "5 posts: 5 new", "1 page: 1 new"]
    assert "site.title is “Old Meadow” there and “A feedserver site” here; it is not changed" in planned.out
    assert "/spring/ -> http://blog.example/posts/spring" in planned.out

    done = run("import", GHOST)
    assert (done.status, done.err) == (0, [])
    assert done.out[-1] == "imported 5 posts, 1 page, 0 thoughts, 0 files, 16 redirects"
    assert "Spring in the meadow" in titles(run)

    again = run("import", GHOST)
    assert again.out[1:3] == ["5 posts: 0 new, 5 here already", "1 page: 0 new, 1 here already"]
    assert again.out[-1] == "imported 0 posts, 0 pages, 0 thoughts, 0 files, 0 redirects"


def test_what_is_damaged_is_imported_only_by_force(run: Run, site: Path) -> None:
    refused = run("import", DAMAGED)
    assert (refused.status, titles(run)) == (1, [])
    assert [line for line in refused.out if line.startswith("mended: ")] != []
    (line,) = refused.err
    assert line.endswith("it is damaged, and nothing was imported; --force imports what can be read")

    assert run("import", "--dry-run", DAMAGED).status == 0
    assert run("import", "--force", DAMAGED).status == 0
    assert len(titles(run)) == 2


@pytest.mark.parametrize("name", ["nowhere.xml", "text.txt", "archive.zip", "empty"])
def test_what_cannot_be_imported_is_one_line(name: str, run: Run, site: Path) -> None:
    (site / "text.txt").write_text("Nothing at all.")
    (site / "archive.zip").write_bytes(b"PK\3\4 and no zip")
    (site / "empty").mkdir()

    refused = run("import", name)

    (line,) = refused.err
    assert (refused.status, refused.out) == (1, [])
    assert line.startswith(f"feedserver: {name}: ")


def test_an_unknown_kind_is_wrong_usage(run: Run, site: Path) -> None:
    refused = run("import", "--from", "elsewhere", GHOST)

    assert refused.status == 2
    assert "the kinds are blogger, commento, disqus, feed, " in refused.err[-1]


def test_a_folder_of_pictures_must_be_one(run: Run, site: Path) -> None:
    assert run("import", "--media", GHOST, GHOST).err[-1].endswith("is no folder")
    assert run("import", "--media", "nowhere", GHOST).err[-1].endswith("--media: nowhere is no folder")


def test_what_is_not_there_is_named_once(run: Run, site: Path) -> None:
    assert run("import", "nowhere.xml").err == ["feedserver: nowhere.xml: there is no such file or folder"]


def test_the_help_names_every_kind(run: Run) -> None:
    words = " ".join(run("import", "--help").out).replace(",", " ").split()

    assert set(kinds()) <= set(words)


def test_every_redirect_that_came_is_counted_once(run: Run, site: Path) -> None:
    done = run("import", GHOST)
    redirects = json.loads(run("redirect", "list", "--json").text)

    assert done.out[-1].endswith(f", {len(redirects)} redirects")
    assert run("import", GHOST).out[-1].endswith(", 0 redirects")


def test_files_that_cannot_be_had_are_named_all_as_no_dry_run_tells_them(run: Run, site: Path) -> None:
    folder = site / "posts"
    folder.mkdir()
    for number in range(7):
        (folder / f"{number}.md").write_text(f"---\ntitle: {number}\nlayout: x\n---\n![x](lost-{number}.png)\n")

    done = run("import", folder)

    assert [line.split()[1] for line in done.out if "lost-" in line] == [f"lost-{number}.png:" for number in range(7)]


def test_a_dry_run_of_documents_takes_what_lies_beside_them_as_the_import_does(run: Run, site: Path) -> None:
    folder = site / "posts"
    folder.mkdir()
    (folder / "talk.mp3").write_bytes(b"ID3 and sounds")
    (folder / "talk.md").write_text("---\ntitle: A talk\nenclosures: [{url: talk.mp3}]\n---\nHear.\n")
    (folder / "lost.md").write_text("---\ntitle: Lost\nenclosures: [{url: lost.mp3}]\n---\nGone.\n")

    planned = run("import", "--dry-run", folder)
    done = run("import", folder)

    assert [line for line in planned.out if line.startswith("left out")] == []
    assert (done.out[-2].split(":")[1], titles(run)) == (" lost.mp3", ["A talk", "Lost"])
    assert "talk.mp3" in run("post", "show", "a-talk").text
    assert "enclosures" not in run("post", "show", "lost").text


def test_a_dry_run_leaves_every_byte_as_it_was(run: Run, site: Path) -> None:
    run("import", GHOST)
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file() and path.suffix not in _OF_SQLITE}

    run("import", "--dry-run", SAMPLES / "movabletype/own-movabletype.txt")

    assert before == {
        path: path.read_bytes() for path in site.rglob("*") if path.is_file() and path.suffix not in _OF_SQLITE
    }


_OF_SQLITE = (".sqlite3-wal", ".sqlite3-shm")


def test_settings_of_our_own_export_that_differ_are_named_and_no_others(
    run: Run, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_WEBSUB_HUBS", "https://hub.example/, https://hubs.example/")
    monkeypatch.setenv("FEEDSERVER_SENDING_WEBMENTIONS", "false")
    assert run("export", "export").status == 0
    monkeypatch.setenv("FEEDSERVER_SENDING_WEBMENTIONS", "true")
    monkeypatch.setenv("FEEDSERVER_FEEDS_ENTRIES", "3")

    planned = run("import", "--dry-run", "export")

    assert [line for line in planned.out if "it is not changed" in line] == [
        "feeds.entries is “20” there and “3” here; it is not changed",
        "sending.webmentions is “false” there and “true” here; it is not changed",
    ]
