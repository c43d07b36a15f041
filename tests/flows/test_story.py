"""The whole story under real gunicorn: from the checkout on both databases, and from an installed wheel."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.flows.story import tell
from tests.support.serving import Blog, clean_environ, running_site

CHECKOUT = Path(__file__).parents[2]


def test_a_post_is_published_pinged_and_read_under_gunicorn_with_two_workers(
    tmp_path: Path, blog: Blog, empty_database_url: str
) -> None:
    with running_site(tmp_path, environ={"FEEDSERVER_DATABASE_URL": empty_database_url}, workers=2) as site:
        tell(site, blog)

        assert site.stop() == 0
        assert "Traceback" not in site.log()


def test_the_same_story_from_an_installed_wheel_in_a_folder_that_is_not_the_checkout(
    tmp_path: Path, blog: Blog, wheel_program: list[str]
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    nothing_said = {"FEEDSERVER_SITE_URL": ""}  # commands read the address that `serve` has noted
    with running_site(folder, environ=nothing_said, workers=2, program=wheel_program) as site:
        tell(site, blog)

        assert f"site:              {site.url}/" in site.log()
        assert "feedserver.service" in site.command("config", "samples", "samples").stdout
    assert {path.name: path.read_bytes() for path in (folder / "samples").iterdir()} == {
        path.name: path.read_bytes() for path in (CHECKOUT / "config").iterdir() if path.is_file()
    }


@pytest.fixture(scope="session")
def wheel_program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The `feedserver` program of a wheel, built by `make wheel`, in a virtual environment of its own.

    The dependencies are borrowed from the environment of the tests; feedserver itself is the wheel's alone.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns(".*", "var", "dist", "__pycache__"))
    with_what_is_here = clean_environ() | {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}  # 0: no isolation
    run: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "timeout": 120, "env": with_what_is_here}
    subprocess.run(["make", "-C", str(source), "wheel", f"VENV={sys.prefix}"], **run)
    (wheel,) = (source / "dist").glob("*.whl")
    home = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], **run)
    python = str(home / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", python]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], **run)
    (own,) = home.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = subprocess.run(
        [python, "-c", "import feedserver; print(feedserver.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert where.stdout.startswith(str(own)), "the wheel must not be shadowed by the checkout"
    return [str(home / "bin" / "feedserver")]
