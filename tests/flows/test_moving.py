"""The commands in docs/scaling.md that move a site to PostgreSQL and back, run with the paths of the units."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.serving import Site, clean_environ, free_port

CHECKOUT = Path(__file__).parents[2]
UNIT = (CHECKOUT / "config" / "feedserver.service").read_text("utf-8")
CHAPTER = (CHECKOUT / "docs" / "scaling.md").read_text("utf-8").split("\n## 3. ")[1].split("\n## 4. ")[0]


class Machine:
    """A machine with the units installed: their program, settings and state are in a folder of the test."""

    def __init__(self, folder: Path, database: str) -> None:
        program, self.settings, state = (
            re.search(pattern, UNIT, re.MULTILINE)[1]  # type: ignore[index]
            for pattern in (r"^ExecStart=(\S+)", r"^Environment=FEEDSERVER_CONFIG=(\S+)", r"^WorkingDirectory=(\S+)")
        )
        self._paths = {
            program: str(Path(sys.executable).with_name("feedserver")),
            str(Path(self.settings).parent): str(folder / "etc"),
            state: str(folder / "state"),
            "postgresql+psycopg://feedserver@db.example/site": database,
        }
        for name in ("etc", "state"):
            (folder / name).mkdir(mode=0o700)
        (folder / "etc" / "pgpass").touch(mode=0o600)
        text = (CHECKOUT / "config" / "feedserver.toml").read_text("utf-8")
        file = Path(self._here(self.settings))
        file.write_text(text.replace('data_dir = "var"', f'data_dir = "{folder}/state"'), "utf-8")
        self.site = Site(folder / "state", free_port(), {"FEEDSERVER_CONFIG": str(file)})
        self._known = ""

    def carry_out(self, commands: str) -> None:
        """Does what the operator does: runs commands, stops and starts units, edits the setting."""
        for line in re.sub(r" \\\n *", " ", commands).splitlines():
            if line.startswith("systemctl"):
                self.site.stop() if " stop " in line else self.site.start(workers=1)
            elif line.startswith("#"):
                self._set_url(line.rpartition("url = ")[2].removesuffix(", written out"))
            elif re.match(r"\w+=", line):
                self._known += self._here(line) + "\n"
            else:
                self._shell(f'sudo() {{ [ "$1 $2" = "-u feedserver" ]; shift 2; env "$@"; }}\n{self._here(line)}')

    def _set_url(self, written: str) -> None:
        url = self._shell(f"printf %s {written}")
        file = Path(self._here(self.settings))
        file.write_text(re.sub(r'(?m)^url = ".*"(?=\n# A replica)', f'url = "{url}"', file.read_text()))

    def _shell(self, command: str) -> str:
        return subprocess.run(
            ["sh", "-euc", self._known + command],
            env=clean_environ(),
            cwd="/",
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        ).stdout

    def _here(self, line: str) -> str:
        for theirs, ours in self._paths.items():
            line = line.replace(theirs, ours)
        return line


def test_the_commands_move_a_site_with_the_units_and_back(new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    machine = Machine(tmp_path, new_postgres_url())
    there, back = (block for block in blocks(CHAPTER) if "db copy" in block)
    machine.site.start(workers=1)
    first = feed(machine.site)

    try:
        machine.carry_out(there)
        assert feed(machine.site) == first
        assert configured_url(machine.site).startswith("postgresql+psycopg://")
        machine.site.command("post", "add", "-", given="---\ntitle: Written on PostgreSQL\n---\nWords.\n")
        second = feed(machine.site)
        assert second != first

        machine.carry_out(back)
        assert feed(machine.site) == second
        assert configured_url(machine.site) == ""
    finally:
        if machine.site.process:
            machine.site.stop()


def test_the_units_set_nothing_that_commands_do_not_read() -> None:
    """With other settings than the server, a command would work on another database."""
    given = re.findall(r"^#?(?:Environment|LoadCredential)=.*$", UNIT, re.MULTILINE)

    assert given == ["Environment=FEEDSERVER_CONFIG=/etc/feedserver/feedserver.toml"]


def blocks(text: str) -> list[str]:
    """The commands in a page of Markdown, without their indentation."""
    return [re.sub(r"(?m)^    ", "", block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]


def feed(site: Site) -> tuple[str, str, bytes]:
    """The validators and the bytes of the feed."""
    status, headers, body = site.get("/feed.atom")
    assert status == 200
    return headers["etag"], headers["last-modified"], body


def configured_url(site: Site) -> str:
    """`database.url` as `config show` prints it: without its password."""
    rows = {row["key"]: row for row in json.loads(site.command("config", "show", "--json").stdout)}
    assert rows["database.url"]["origin"].endswith("/feedserver.toml")
    return str(rows["database.url"]["value"])
