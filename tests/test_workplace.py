import errno
import os
from pathlib import Path

import pytest

from feedserver.errors import StorageError
from feedserver.workplace import workplace


def test_a_disk_that_is_full_is_told_with_the_folder_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no space left on this disk") as refused:
        _fill(tmp_path)

    assert str(refused.value).startswith(f"{tmp_path}: ")
    assert os.listdir(tmp_path) == []


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _read_missing(tmp_path)


def _fill(folder: Path) -> None:
    with workplace(folder) as place:
        (place / "half").write_text("x")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read_missing(folder: Path) -> None:
    with workplace(folder) as place:
        (place / "missing").read_text()
