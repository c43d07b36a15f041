"""The folder in which processes count together: its making, its merging, and its end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from feedserver import private_files
from feedserver.metrics import folder
from tests.metrics.reading import values
from tests.support.serving import clean_environ

COUNTING_TOGETHER = """
import os
from pathlib import Path
from feedserver.metrics import folder

folder.begin(Path())
from feedserver.metrics.counting import Counts
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

def count(pid, number):
    if pid == 0:
        counts = Counts()
        for n in range(number):
            counts.request("home", "200", 0.02 * n)
        os._exit(0)
    os.waitpid(pid, 0)
    return pid

counts = Counts()
counts.request("home", "200", 5)
ended = [count(os.fork(), number) for number in (1, 2, 3)]
for pid in ended:
    folder.merge(pid)
registry = CollectorRegistry()
MultiProcessCollector(registry, str(folder.in_use()))
print(generate_latest(registry).decode())
print("files:", *sorted(path.name.replace(str(os.getpid()), "PID") for path in folder.in_use().iterdir()))
folder.end()
"""


def test_what_ended_processes_have_counted_stays_in_one_file(tmp_path: Path) -> None:
    environ = clean_environ() | {"PYTHONPATH": os.getcwd()}

    told = subprocess.run(
        [sys.executable, "-c", COUNTING_TOGETHER], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
    )

    assert told.stderr == ""
    text, _, files = told.stdout.partition("files: ")
    buckets = values(text, "feedserver_request_duration_seconds_bucket")
    assert [buckets[(bound, "home", "200")] for bound in ("0.01", "0.025", "+Inf")] == [3, 5, 7]
    assert values(text, "feedserver_request_duration_seconds_count") == {("home", "200"): 7}
    assert files.split() == [
        *("counter_PID.db", "counter_ended.db"),
        *("histogram_PID.db", "histogram_ended.db"),
        "lock",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_common_counts")
def test_a_start_removes_what_a_killed_server_has_left_and_nothing_of_one_that_lives(tmp_path: Path) -> None:
    folder.begin(tmp_path)
    living = folder.in_use()
    left, other = tmp_path / "feedserver-metrics-left", tmp_path / "another-folder"
    for one in (left, other):
        one.mkdir()
        (one / "counter_1.db").write_bytes(b"")

    folder.begin(tmp_path)

    assert living is not None
    assert living.exists()
    assert other.exists()
    assert not left.exists()
    assert folder.in_use() != living


@pytest.mark.usefixtures("no_common_counts")
def test_the_folder_is_private(tmp_path: Path) -> None:
    folder.begin(tmp_path)

    found = folder.in_use()

    assert found is not None
    assert found.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("no_common_counts")
def test_nothing_is_merged_while_somebody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_MERGE_SECONDS", 0.0)
    folder.begin(tmp_path)
    used = folder.in_use()
    assert used is not None
    ended = used / "counter_7.db"
    ended.write_bytes(b"")

    with folder.reading():
        folder.merge(7)

    assert ended.exists()


@pytest.mark.usefixtures("no_common_counts")
def test_a_damaged_file_and_a_full_disk_end_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.begin(tmp_path)
    used = folder.in_use()
    assert used is not None
    damaged = used / "counter_7.db"
    damaged.write_bytes(b"x" * 64)

    folder.merge(7)
    monkeypatch.setattr(folder, "_ROOM", 2**62)
    folder.merge(7)

    assert damaged.exists()
    assert not folder.reserve()
    with pytest.raises(OSError, match="No space left"):
        folder.begin(tmp_path)


@pytest.mark.usefixtures("no_common_counts")
def test_a_process_takes_the_room_of_its_files_before_it_counts(tmp_path: Path) -> None:
    folder.begin(tmp_path)

    assert folder.reserve()
    assert folder.reserve(), "what is there stays"

    used = folder.in_use()
    assert used is not None
    assert {path.name: path.stat().st_blocks * 512 >= 65_536 for path in used.iterdir()} == {
        f"counter_{os.getpid()}.db": True,
        f"histogram_{os.getpid()}.db": True,
    }


@pytest.mark.usefixtures("no_common_counts")
def test_others_can_read_the_counts_while_a_process_makes_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor asks one worker while the next is starting; of an empty file prometheus_client raises struct.error."""
    folder.begin(tmp_path)
    seen: list[str] = []
    make = private_files.opener

    def reading_meanwhile(path: str, flags: int) -> int:
        descriptor = make(path, flags)
        list(MultiProcessCollector(None, str(folder.in_use())).collect())
        seen.append(Path(path).name)
        return descriptor

    monkeypatch.setattr(private_files, "opener", reading_meanwhile)

    assert folder.reserve()

    assert len(seen) == 2


@pytest.mark.usefixtures("no_common_counts")
def test_a_process_that_is_killed_while_it_makes_its_files_leaves_nothing(tmp_path: Path) -> None:
    folder.begin(tmp_path)
    used = folder.in_use()
    assert used is not None
    (used / "counter_7.new").write_bytes(b"")

    folder.merge(7)

    assert [path.name for path in used.iterdir()] == ["lock"]


@pytest.mark.usefixtures("no_common_counts")
def test_a_folder_that_others_have_removed_is_made_anew_and_as_private(tmp_path: Path) -> None:
    folder.begin(tmp_path)
    used = folder.in_use()
    assert used is not None
    used.rmdir()

    folder.merge(7)
    assert folder.in_use() is None, "each process counts for itself"
    folder.begin_again()

    assert folder.in_use() == used
    assert used.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("no_common_counts")
def test_a_process_that_counts_for_itself_has_nothing_to_merge(tmp_path: Path) -> None:
    folder.merge(1)
    with folder.reading():
        folder.end()
