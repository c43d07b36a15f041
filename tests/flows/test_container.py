"""The instructions of config/Containerfile and config/compose.yaml, carried out without an engine of containers.

In a mount namespace of its own the paths of the image are there, the root file system is read-only, and the program
runs as the image's user with the image's environment. The base image is this machine.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from feedserver import settings
from tests.support.machine import skip_not_allowed
from tests.support.serving import clean_environ, free_port
from tests.support.serving import request as get
from tests.support.waiting import wait_until

CONFIG = Path(__file__).parents[2] / "config"
CHECKOUT = CONFIG.parent
COMPOSE = yaml.safe_load((CONFIG / "compose.yaml").read_text("utf-8"))
# As its own user, who may read what this machine keeps from others: the Python that runs the tests.
_AS_USER = ["setpriv", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--no-new-privs"]


@dataclass(frozen=True)
class Image:
    """What the last stage of the Containerfile says."""

    instructions: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [rest for found, rest in self.instructions if found == name]

    def one(self, name: str) -> str:
        (rest,) = self.all(name)
        return rest

    @property
    def environ(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.all("ENV"))

    @property
    def user(self) -> int:
        return int(self.one("USER").partition(":")[0])


def stages() -> list[Image]:
    found: list[Image] = []
    for line in (CONFIG / "Containerfile").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                found.append(Image([]))
            found[-1].instructions.append((name, rest))
    return found


BUILD, IMAGE = stages()


class Container:
    """A mount namespace with the image's files, and a folder in the place of its volume."""

    def __init__(self, program: Path, volume: Path) -> None:
        home, kept = "/opt/feedserver", IMAGE.one("VOLUME")
        self._prepare = " && ".join(
            [
                "mount --make-rprivate /",
                f"mount --bind {shlex.quote(str(volume))} /mnt",
                *(f"mount -t tmpfs none {parent}" for parent in (Path(home).parent, Path(kept).parent)),
                f"mkdir {home} {kept}",
                f"mount --bind {shlex.quote(str(program))} {home}",
                f"mount --bind /mnt {kept}",
                "mount --bind /tmp /tmp",
                *(f"mount -o remount,bind,ro {path}" for path in (home, Path(kept).parent, "/tmp", "/")),
                f"cd {IMAGE.one('WORKDIR')}",
            ]
        )

    def command(self, *arguments: str) -> list[str]:
        """What runs `arguments` in the container, as its user."""
        user = IMAGE.user
        as_user = [*_AS_USER, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *arguments]
        return ["unshare", "--mount", "/bin/sh", "-c", f"{self._prepare} && exec {shlex.join(as_user)}"]


@pytest.fixture(scope="module")
def allowed() -> None:
    """Skips where the tests cannot make a namespace, or become another user."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    can = os.geteuid() == 0 and shutil.which("unshare") and shutil.which("setpriv")
    if not can or subprocess.run(probe, check=False, capture_output=True, timeout=20).returncode:
        skip_not_allowed("to mount file systems in a namespace of its own")


@pytest.fixture(scope="module")
def program(allowed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment as the build stage makes it, of the checkout and of what the tests have installed."""
    folder = tmp_path_factory.mktemp("program")
    venv.create(folder, symlinks=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(f"{CHECKOUT}\n{sysconfig.get_path('purelib')}\n")
    script = folder / "bin" / "feedserver"
    script.write_text("#!/opt/feedserver/bin/python\nfrom feedserver.cli import main\nraise SystemExit(main())\n")
    script.chmod(0o755)
    return folder


@pytest.fixture
def container(program: Path, tmp_path: Path) -> Container:
    """With a volume as engines make it: empty, owned as the image says."""
    volume = tmp_path / "volume"
    (made,) = (shlex.split(line) for line in IMAGE.all("RUN"))
    subprocess.run([*made[:-1], str(volume)], check=True, timeout=20)
    assert made[-1] == IMAGE.one("VOLUME") == IMAGE.environ["FEEDSERVER_DATA_DIR"]
    return Container(program, volume)


@dataclass
class Running:
    """The image's server in a container."""

    container: Container
    port: int
    environ: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def run(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Runs a command beside the server, as `podman exec` does."""
        command = self.container.command(*arguments)
        return subprocess.run(
            command, env=self.environ, input=given, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def answers(self) -> bool:
        try:
            return get(f"http://127.0.0.1:{self.port}/readyz")[0] == 200
        except OSError:
            return False

    @property
    def is_healthy(self) -> bool:
        """What the image's health check says."""
        command = IMAGE.one("HEALTHCHECK").partition(" CMD ")[2]
        return self.run(*json.loads(command)).returncode == 0


@contextmanager
def running(container: Container, log: Path, environ: dict[str, str]) -> Iterator[Running]:
    port = free_port()
    arguments = [part.replace(":8000", f":{port}") for part in json.loads(IMAGE.one("CMD"))]
    environ = clean_environ() | IMAGE.environ | {"FEEDSERVER_SITE_URL": f"http://127.0.0.1:{port}"} | environ
    environ.pop("FEEDSERVER_CONFIG", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            container.command(*json.loads(IMAGE.one("ENTRYPOINT")), *arguments),
            env=environ,
            stdout=output,
            stderr=output,
        )
    server = Running(container, port, environ, process)
    try:
        wait_until(lambda: process.poll() is not None or server.answers, 60, log.read_text)
        assert process.poll() is None, log.read_text()
        assert server.is_healthy
        yield server
    finally:
        process.terminate()
        process.wait(45)


@pytest.mark.parametrize("kind", ["alone", "composed"])
def test_a_site_lives_in_its_volume_and_nothing_else_is_written(
    kind: str, container: Container, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ: dict[str, str] = {}
    if kind == "composed":
        url = tmp_path / "volume" / "database_url"  # in the place of the secret
        url.write_text(request.getfixturevalue("new_postgres_url")())
        said = COMPOSE["services"]["feedserver"]["environment"]
        assert said.pop("FEEDSERVER_DATABASE_URL_FILE").startswith("/run/secrets/")
        environ = said | {"FEEDSERVER_DATABASE_URL_FILE": f"{IMAGE.one('VOLUME')}/database_url"}
        environ.pop("FEEDSERVER_SITE_URL")

    with running(container, tmp_path / "log", environ) as server:
        added = server.run("feedserver", "post", "add", "-", given="---\ntitle: Boxed\n---\nWords.")
        status, _, page = get(f"http://127.0.0.1:{server.port}/posts/boxed")
        kept = {path.stat().st_uid for path in (tmp_path / "volume").iterdir() if path.name != "database_url"}
        outside = server.run("/bin/sh", "-c", "id -u; touch /opt/feedserver/x /etc/x /var/lib/x /tmp/x")

    assert (added.stderr, status) == ("", 200)
    assert "Boxed" in page.decode()
    assert kept == {IMAGE.user} != {0}
    assert outside.stdout.strip() == str(IMAGE.user)
    assert outside.stderr.count("Read-only file system") == 4
    assert server.process.returncode == 0
    assert not server.is_healthy
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_all_that_is_composed_is_described(tmp_path: Path) -> None:
    services = COMPOSE["services"]
    settings.load(variables(tmp_path, services["feedserver"]["environment"]))
    named = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}

    assert named == set(COMPOSE["volumes"])
    assert {secret for service in services.values() for secret in service["secrets"]} == set(COMPOSE["secrets"])
    assert services["feedserver"]["build"] == {"context": "..", "dockerfile": "config/Containerfile"}
    assert services["feedserver"]["volumes"] == [f"feedserver:{IMAGE.one('VOLUME')}"]
    assert services["feedserver"]["ports"] == ["127.0.0.1:8000:8000"]
    assert IMAGE.one("EXPOSE") == "8000"


def variables(folder: Path, environ: dict[str, str]) -> dict[str, str]:
    """Those of a composed service, with a file in the place of its secret, and the address that it has by default."""
    secret = folder / "database_url"
    secret.write_text("postgresql+psycopg://feedserver:x@postgres/feedserver\n")
    given = environ | {"FEEDSERVER_DATABASE_URL_FILE": str(secret)}
    return {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in given.items()}


def test_the_image_has_what_its_settings_can_ask_for() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    make, install = BUILD.all("RUN")

    assert IMAGE.one("COPY") == "--from=build /opt/feedserver /opt/feedserver"
    assert make == "python -m venv /opt/feedserver"
    extras = set(project["optional-dependencies"]) - {"dev"}
    assert re.findall(r"/src\[(.*)\]", install) == [",".join(sorted(extras))]
    assert "--constraint /src/constraints.txt" in install


def test_what_the_machine_has_in_its_checkout_stays_out_of_the_image(tmp_path: Path) -> None:
    """As one who follows compose.yaml has: the image may go to a registry."""
    checkout = tmp_path / "checkout"
    for folder in ("feedserver", "config"):
        shutil.copytree(CHECKOUT / folder, checkout / folder)
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(CHECKOUT / name, checkout)
    own = [checkout / "config/secrets/database_url", checkout / "var/secret", checkout / ".env"]
    for file in own:
        file.parent.mkdir(exist_ok=True)
        file.write_text("x\n")

    source = tmp_path / "src"
    for line in BUILD.all("COPY"):
        copy(checkout, *line.split(), root=source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path / "wheels"), str(source)], check=True, timeout=120)

    (wheel,) = (tmp_path / "wheels").iterdir()
    held = {*ZipFile(wheel).namelist(), *(str(path.relative_to(source)) for path in source.rglob("*"))}
    assert {Path(name).name for name in held} & {file.name for file in own} == set()
    samples = {name.rpartition("/")[2] for name in held if name.startswith("feedserver/samples/")}
    assert samples == {path.name for path in CONFIG.iterdir() if path.is_file()}


def copy(checkout: Path, *given: str, root: Path) -> None:
    """`COPY SOURCE… TARGET` of a Containerfile; `root` is its /src."""
    *sources, target = given
    folder = root / target.removeprefix("/src").strip("/")
    for source in (path for pattern in sources for path in checkout.glob(pattern)):
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder)
