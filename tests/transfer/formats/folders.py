"""Folders of documents that tests make."""

from pathlib import Path


def folder_of(tmp_path: Path, files: dict[str, str | bytes]) -> Path:
    """A folder `blog` with these files, by their paths."""
    for name, content in files.items():
        file = tmp_path / "blog" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / "blog"
