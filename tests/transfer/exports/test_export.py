"""An export that an empty site takes in and makes again is the same bytes, with all that can be stored in it."""

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from feedserver.cli.transfer import importer_of
from feedserver.errors import BackupError, ImportRefused, MediaStoreError
from feedserver.installation import init
from feedserver.media import store as media
from feedserver.posts import revisions, store
from feedserver.redirects import adding as redirects
from feedserver.redirects import store as stored_redirects
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage import revision
from feedserver.storage.schema import metadata
from feedserver.thoughts import removed
from feedserver.transfer.exports import exported
from feedserver.transfer.exports.export import export
from feedserver.transfer.exports.own_files import OwnExport
from feedserver.transfer.imports.own_import import Takeover
from feedserver.transfer.imports.planning import CHANGED
from feedserver.transfer.source import folder_source
from tests.conftest import SITE
from tests.posts.builders import edit, publish
from tests.storage.test_copying import fill
from tests.support.fixtures import Assemble
from tests.support.machine import skip_not_allowed
from tests.support.outside import Clock, Web
from tests.thoughts.site import spam
from tests.transfer.conftest import silent


def test_every_table_is_in_one_of_two_lists() -> None:
    assert set(exported.IN_EXPORT) | set(exported.NOT_IN_EXPORT) == set(metadata.tables)
    assert set(exported.IN_EXPORT) & set(exported.NOT_IN_EXPORT) == set()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def export_of_all(prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of the site that `full` is, which tests copy."""
    folder, clock, web = tmp_path_factory.mktemp("exported"), Clock(), Web()
    shutil.copy(prepared_sqlite, folder / "feedserver.sqlite3")
    services = WebServices(Settings(data_dir=folder, site=SiteSettings(url=SITE)), clock=clock, fetch=web)
    fill(services, web, clock, folder)
    export(services, folder / "export", silent)
    services.waiting_slots.close()
    services.database.close()
    return folder / "export"


@pytest.fixture
def empty(prepared_sqlite: Path, assemble: Assemble, tmp_path: Path) -> WebServices:
    """An empty site on SQLite at the same address."""
    (tmp_path / "there").mkdir()
    shutil.copy(prepared_sqlite, tmp_path / "there" / "feedserver.sqlite3")
    return assemble(Settings(data_dir=tmp_path / "there", site=SiteSettings(url=SITE)))


def take_in(services: WebServices, folder: Path) -> dict[str, int]:
    with importer_of(services).opened(folder, None, None, silent) as found:
        assert found.mended() == []
        return found.apply()


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_an_export_of_what_was_imported_is_the_same(
    to: str, full: WebServices, assemble: Assemble, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("new_postgres_url")() if to == "postgresql" else ""
    there = assemble(replace(full.settings, data_dir=tmp_path / "there", database=DatabaseSettings(url=url)))
    init(there, example=True)
    export(full, tmp_path / "first", silent)

    take_in(there, tmp_path / "first")
    export(there, tmp_path / "second", silent)
    repeated = take_in(there, tmp_path / "first")
    export(there, tmp_path / "third", silent)

    first = files_of(tmp_path / "first")
    assert files_of(tmp_path / "second") == first
    assert not any(repeated.values())
    assert files_of(tmp_path / "third") == first


def test_saved_texts_and_the_time_of_the_bin_are_taken_over(export_of_all: Path, empty: WebServices) -> None:
    take_in(empty, export_of_all)

    with empty.database.read() as connection:
        post, binned = store.by_slug(connection, "post-3"), store.by_slug(connection, "binned")
        assert post is not None
        assert binned is not None
        saved = revisions.history(connection, post.id)
        newest, first = (revisions.find(connection, post.id, number) for number in (2, 1))
    assert [(one.number, one.by, one.via) for one in saved] == [(2, "ann", "desk"), (1, None, "cli")]
    assert newest is not None
    assert first is not None
    assert newest.source == post.source
    assert "Post 語😀 3" in first.source
    assert post.revision == 2
    assert binned.deleted_at is not None
    assert empty.publisher.restore("binned").title == "In the bin"


def elsewhere(services: WebServices, assemble: Assemble, folder: Path) -> WebServices:
    """Another site on SQLite, at the same address, with a post of its own."""
    there = assemble(replace(services.settings, data_dir=folder / "elsewhere", database=DatabaseSettings()))
    init(there, example=False)
    publish(there, "Here before", slug="first")
    return there


def test_a_site_with_posts_takes_in_what_it_has_not(full: WebServices, assemble: Assemble, tmp_path: Path) -> None:
    there = elsewhere(full, assemble, tmp_path)
    export(full, tmp_path / "export", silent)

    written = take_in(there, tmp_path / "export")
    again = take_in(there, tmp_path / "export")

    with full.database.read() as before, there.database.read() as after:
        posts = {post.guid: post for post in store.everything(after)}
        originals = store.everything(before)
    assert written["post"] == len(originals)
    assert {post.guid for post in originals} < set(posts)
    assert "first-2" in {post.slug for post in posts.values()}  # the slug was taken
    assert not any(again.values())


def test_a_site_with_posts_takes_in_all_that_a_document_says(
    services: WebServices, assemble: Assemble, tmp_path: Path
) -> None:
    publish(services, "Told to nobody", tell="false", mood="calm", imported='["cover: x.png", "layout: wide"]')
    export(services, tmp_path / "export", silent)
    other = elsewhere(services, assemble, tmp_path)
    publish(other, "Of its own")

    take_in(other, tmp_path / "export")

    with other.database.read() as connection:
        post = store.by_slug(connection, "told-to-nobody")
    assert post is not None
    lines = ["tell: false", "mood: calm", "cover: x.png", "layout: wide"]
    assert [line for line in lines if line in post.source] == lines


def test_what_others_must_not_read_is_for_its_owner_alone(full: WebServices, tmp_path: Path) -> None:
    export(full, tmp_path / "export", silent)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "export").iterdir() if path.is_file()}
    with full.database.read() as connection:
        secret = revision.secret(connection).encode()

    assert {name for name, mode in modes.items() if mode == 0o600} == exported.PRIVATE
    assert {mode for name, mode in modes.items() if name not in exported.PRIVATE} == {0o644}
    assert [name for name, content in files_of(tmp_path / "export").items() if secret in content] == []


def test_documents_say_their_slugs_and_dates_themselves(services: WebServices, tmp_path: Path) -> None:
    post = publish(services, "Without either")
    services.publisher.rename(post.slug, "renamed")
    draft = publish(services, "A draft", draft="true")

    export(services, tmp_path / "export", silent)

    read = {path.stem: services.publisher.read(path.read_bytes()) for path in (tmp_path / "export" / "posts").iterdir()}
    assert (read["renamed"].slug, read["renamed"].date) == ("renamed", post.published_at)
    assert read[draft.slug].date is None


def test_what_was_erased_here_is_known_there(services: WebServices, assemble: Assemble, tmp_path: Path) -> None:
    post = publish(services, "A post")
    with services.database.write() as connection:
        removed.remember(connection, [spam("http://spam.example/")], services.clock())
    there = assemble(replace(services.settings, data_dir=tmp_path / "there", database=DatabaseSettings()))
    init(there, example=True)

    export(services, tmp_path / "export", silent)
    take_in(there, tmp_path / "export")

    with there.database.read() as connection:
        assert removed.find(connection, post.id, removed.names_of_source("http://spam.example/"))
        assert not removed.find(connection, post.id, removed.names_of_source("http://ham.example/"))


def test_of_a_site_that_goes_on_after_it_was_taken_over_what_has_changed_is_told(
    services: WebServices, assemble: Assemble, tmp_path: Path
) -> None:
    publish(services, "A post", slug="a-post")
    with services.database.write() as connection:
        revision.revise(connection)
        redirects.add(connection, services.urls, "/old", "/posts/a-post")
    there = assemble(replace(services.settings, data_dir=tmp_path / "there", database=DatabaseSettings()))
    init(there, example=True)
    export(services, tmp_path / "export", silent)
    take_in(there, tmp_path / "export")
    with there.database.write() as connection:
        revision.revise(connection)
        stored_redirects.remove(connection, there.urls, "/old")

    edit(services, "a-post", body="Other words.")
    publish(services, "Another", slug="another")
    export(services, tmp_path / "later", silent)
    with importer_of(there).opened(tmp_path / "later", None, None, silent) as found:
        (remark,) = found.remarks()
        written = found.apply()

    assert (remark.what, remark.why) == ("A post", CHANGED)
    assert {name: number for name, number in written.items() if number} == {"post": 1}
    with there.database.read() as connection:
        assert list(stored_redirects.everything(connection)) == []


def test_what_is_taken_over_whole_leaves_nothing_out(services: WebServices, assemble: Assemble, tmp_path: Path) -> None:
    publish(services, "Another", slug="another")
    publish(services, "A post", slug="a-post")
    services.publisher.delete("a-post")
    services.publisher.erase("a-post")
    there = assemble(replace(services.settings, data_dir=tmp_path / "there", database=DatabaseSettings()))
    init(there, example=True)
    export(services, tmp_path / "export", silent)

    with importer_of(there).opened(tmp_path / "export", None, None, silent) as found:
        found.check()
        assert list(found.remarks()) == []
        assert found.plan.posts.new == found.apply()["post"] == 1
    with there.database.read() as connection:
        assert [post.state for post in store.everything(connection)] == ["deleted", "published"]


def test_a_folder_with_something_in_it_is_no_place_for_an_export(services: WebServices, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    export(services, tmp_path / "there", silent)

    with pytest.raises(BackupError, match="there: is there already; an export needs a new folder"):
        export(services, tmp_path / "there", silent)
    with pytest.raises(BackupError, match="there is no such folder"):
        export(services, tmp_path / "missing" / "export", silent)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, which is empty."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True, timeout=20).returncode:
        skip_not_allowed("to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=20)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_empty_disk_of_its_own_takes_an_export(services: WebServices, disk: Path, tmp_path: Path) -> None:
    publish(services, "A post")
    export(services, tmp_path / "elsewhere", silent)

    export(services, disk, silent)

    assert files_of(disk) == files_of(tmp_path / "elsewhere")


def test_an_export_into_a_folder_that_is_there_writes_nothing_beside_it(services: WebServices, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o750)
    publish(services, "A post")
    export(services, tmp_path / "elsewhere", silent)
    before, meanwhile = (there.stat(), set(os.listdir(tmp_path))), set[str]()

    export(services, there, lambda _doing, _share: meanwhile.update(os.listdir(tmp_path), os.listdir(there)))

    after = there.stat()
    assert [name.startswith(".feedserver-unfinished-") for name in meanwhile - before[1]] == [True]
    assert (after.st_ino, after.st_mode, set(os.listdir(tmp_path))) == (before[0].st_ino, before[0].st_mode, before[1])
    assert files_of(there) == files_of(tmp_path / "elsewhere")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in there.iterdir() if path.is_file()}
    assert {name for name, mode in modes.items() if mode == 0o600} == exported.PRIVATE


KILLED = """
import os, signal, sys
from pathlib import Path
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.transfer.exports.export import export

database, folder, at = sys.argv[1:]
renamed = os.rename
def rename(old, new):
    if Path(new).name == at:
        os.kill(os.getpid(), signal.SIGKILL)
    renamed(old, new)
os.rename = rename
settings = Settings(data_dir=Path(folder).parent, database=DatabaseSettings(url=database))
export(WebServices(settings), Path(folder), lambda doing, share: None)
"""


def kill_while_it_moves(services: WebServices, folder: Path, name: str) -> None:
    """Exports in a process of its own, which is killed when it is to put `name` in place."""
    command = [sys.executable, "-P", "-c", KILLED, services.settings.database.url, str(folder), name]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_export_is_made_where_a_killed_one_has_left_its_private_folder(
    services: WebServices, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    publish(services, "A post")
    kill_while_it_moves(services, there, "README.txt")
    (left,) = os.listdir(there)

    export(services, there, silent)

    assert left.startswith(".feedserver-unfinished-")
    assert left not in os.listdir(there)
    assert OwnExport(folder_source(there, there)).has("posts/a-post.md")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("at", ["posts", "manifest.json"])
def test_an_export_that_was_killed_while_it_took_its_place_is_no_export(
    services: WebServices, empty: WebServices, tmp_path: Path, at: str
) -> None:
    there = tmp_path / "killed"
    there.mkdir()
    publish(services, "A post")
    kill_while_it_moves(services, there, at)

    with pytest.raises(ImportRefused, match=r"it has no manifest\.json: it is a part of an export"):
        take_in(empty, there)
    with pytest.raises(BackupError, match="killed: is there already; an export needs a new folder"):
        export(services, there, silent)


def test_an_export_that_cannot_take_its_place_leaves_nothing(
    services: WebServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, rename = tmp_path / "there", os.rename
    there.mkdir()

    def failing(old: Path, new: Path) -> None:
        if new == there / "thoughts.jsonl":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(old, new)

    monkeypatch.setattr(os, "rename", failing)

    with pytest.raises(OSError, match="Input/output error"):
        export(services, there, silent)
    assert os.listdir(there) == []


def test_of_two_exports_into_one_folder_the_second_is_refused(services: WebServices, tmp_path: Path) -> None:
    there, others = tmp_path / "there", iter(["the first"])
    there.mkdir()
    publish(services, "A post")

    def meanwhile(_doing: str, _share: float) -> None:
        if next(others, None):
            export(services, there, silent)

    with pytest.raises(BackupError, match="there: is there already"):
        export(services, there, meanwhile)
    assert list(OwnExport(folder_source(there, there)).changed()) == []
    assert [name for name in os.listdir(there) if name.startswith(".")] == []


Harm = Callable[[Path], object]
HARMS: dict[str, tuple[Harm, str]] = {
    "a document that was changed": (lambda folder: document(folder).write_text("---\ntitle: x\n---\n"), "was changed"),
    "a document that is missing": (lambda folder: document(folder).unlink(), "is missing"),
    "no JSON": (lambda folder: (folder / "manifest.json").write_text("{"), "is no JSON"),
    "a deep manifest": (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "is no JSON"),
    "a manifest that is a list": (lambda folder: (folder / "manifest.json").write_text("[]"), "is no object"),
    "another program's manifest": (
        lambda folder: (folder / "manifest.json").write_text('{"form": "1", "site": "", "url": "", "files": {}}'),
        "its manifest.json is not feedserver's",
    ),
    "a manifest without files": (
        lambda folder: (folder / "manifest.json").write_text('{"form": 1, "site": "", "url": ""}'),
        "its manifest.json is damaged",
    ),
    "a newer form": (
        lambda folder: (folder / "manifest.json").write_text('{"form": 2, "site": "", "url": "", "files": {}}'),
        "it is of a newer feedserver (form 2); install that one",
    ),
}


SETTINGS = {
    "arrays within arrays": "a = " + "[" * 100_000,
    "tables within tables": "[" + ".".join(["a"] * 5_000) + "]\nb = 1",
    "a long number": "[site]\ntitle = " + "9" * 5_000,
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_of_an_export_that_nobody_wrote_are_none(settings: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"form": 1, "site": "", "url": "", "files": {}}')
    (tmp_path / "settings.toml").write_text(settings)

    assert OwnExport(folder_source(tmp_path, tmp_path)).settings() == {}


@pytest.mark.parametrize("more", ["[]," * 200_000 + "[]", f'"{"x" * 17_000_000}"'], ids=["lists", "a long text"])
def test_a_manifest_that_takes_more_memory_than_its_files_is_refused_unread(more: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(f'{{"form": 1, "site": "", "url": "", "files": {{}}, "more": [{more}]}}')

    with pytest.raises(ImportRefused, match="says more than there can be of its files"):
        OwnExport(folder_source(tmp_path, tmp_path))


def document(folder: Path) -> Path:
    return next((folder / "posts").iterdir())


@pytest.mark.parametrize(("harm", "said"), HARMS.values(), ids=HARMS)
def test_an_export_that_is_not_as_it_was_is_refused_in_a_line(
    export_of_all: Path, empty: WebServices, harm: Harm, said: str, tmp_path: Path
) -> None:
    harm(shutil.copytree(export_of_all, tmp_path / "export"))

    with ExitStack() as stack:
        try:
            found = stack.enter_context(importer_of(empty).opened(tmp_path / "export", "feedserver", None, silent))
            refused = [f"{remark.what}" for remark in found.mended()]
        except ImportRefused as error:
            refused = [str(error)]

    assert [line for line in refused if said in line]


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "another encoding": ("---\ntitle: Föhn\n---\n".encode("latin-1"), r"\.md is not UTF-8$"),
    "nested too deeply": (
        b"---\ntitle: x\n---\n" + b"<div>" * 1_000,
        r"^posts\.jsonl, line \d+: body: has elements nested",
    ),
    "too long": (b"---\ntitle: x\n---\n" + b"words " * 200_000, r"^posts/\S+\.md: .*1 MiB"),
}


@pytest.mark.parametrize(("content", "said"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_that_no_post_has_are_refused_in_a_line_and_nothing_is_there(
    export_of_all: Path, empty: WebServices, content: bytes, said: str, tmp_path: Path
) -> None:
    document(shutil.copytree(export_of_all, tmp_path / "export")).write_bytes(content)

    with (
        pytest.raises(ImportRefused, match=said),
        importer_of(empty).opened(tmp_path / "export", None, None, silent) as found,
    ):
        found.apply()

    with empty.database.read() as connection:
        assert store.everything(connection) == []


def test_what_somebody_publishes_while_a_site_is_taken_over_stays(
    export_of_all: Path, empty: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Takeover._render

    def too_slow(self: Takeover, *arguments: Any) -> Any:
        publish(empty, "Meanwhile")
        return render(self, *arguments)

    monkeypatch.setattr(Takeover, "_render", too_slow)

    with pytest.raises(ImportRefused, match="somebody has published meanwhile; import again"):
        take_in(empty, export_of_all)

    with empty.database.read() as connection:
        assert [post.title for post in store.everything(connection)] == ["Meanwhile"]
        assert media.everything(connection) == []


LINES: dict[str, tuple[str, dict[str, object]]] = {
    "a post without an id": ("posts.jsonl", {"id": None}),
    "a post of another state": ("posts.jsonl", {"state": "odd"}),
    "a post of a number for a title": ("posts.jsonl", {"title": 5}),
    "a date without a zone": ("posts.jsonl", {"published_at": "2026-01-01T00:00:00"}),
    "tags that are none": ("posts.jsonl", {"tags": [{}]}),
    "a climbing document": ("posts.jsonl", {"file": "../../secret"}),
    "a thought of another kind": ("thoughts.jsonl", {"kind": "odd"}),
    "a thought on no post": ("thoughts.jsonl", {"stored": None}),
    "a picture without a size": ("media.jsonl", {"size": "large"}),
    "a picture of another size": ("media.jsonl", {"size": 1}),
    "an id of another one": ("posts.jsonl", {"slugs": ["second", "second"]}),
    "a revision without a number": ("revisions.jsonl", {"number": 0}),
    "a revision from another door": ("revisions.jsonl", {"via": "odd"}),
    "a revision of no post": ("revisions.jsonl", {"post_id": 999}),
    "too long a revision": ("revisions.jsonl", {"source": "x" * 2_000_000}),
    "a climbing picture": ("media.jsonl", {"name": "../../../roof.jpg"}),
}


@pytest.mark.parametrize(("name", "change"), LINES.values(), ids=LINES)
def test_objects_that_nobody_wrote_so_are_refused_in_a_line_and_nothing_is_there(
    export_of_all: Path, empty: WebServices, name: str, change: dict[str, object], tmp_path: Path
) -> None:
    path = shutil.copytree(export_of_all, tmp_path / "export") / name
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | change), *others]) + "\n")

    with (
        pytest.raises((ImportRefused, MediaStoreError)) as refused,
        importer_of(empty).opened(tmp_path / "export", None, None, silent) as found,
    ):
        found.apply()

    assert "\n" not in str(refused.value)
    with empty.database.read() as connection:
        assert store.everything(connection) == []
        assert media.everything(connection) == []
