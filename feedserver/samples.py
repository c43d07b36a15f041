"""The samples of `config/`: settings, gunicorn, nginx, systemd, containers; in a wheel `feedserver/samples`."""

from pathlib import Path

SETTINGS = "feedserver.toml"


def files() -> list[Path]:
    """All samples, sorted by name: those of the wheel, in a checkout those of `config/`."""
    packaged = Path(__file__).with_name("samples")
    folder = packaged if packaged.is_dir() else Path(__file__).parents[1] / "config"
    return sorted(path for path in folder.iterdir() if path.is_file())
