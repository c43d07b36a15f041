import errno
import os
from pathlib import Path

import pytest

from feedserver.errors import StorageError
from feedserver.workplace import workplace


def test_a_disk_that_is_full_is_told_with_the_folder_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused, workplace(tmp_path) as place:
        (place / "half").write_text("x")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert str(refused.value) == f"{tmp_path}: there is no space left on this disk"
    assert os.listdir(tmp_path) == []


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), workplace(tmp_path) as place:
        (place / "missing").read_text()
