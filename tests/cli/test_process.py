"""The program as a process: exit statuses, pipes that end early, odd terminals; never a traceback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.serving import FEEDSERVER, clean_environ
from tests.support.waiting import wait_until

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(outside: Path, run: Run) -> Shell:
    """Runs a line of shell, in which $feedserver is the program, in the folder of a site with forty posts."""
    run("init", "--no-example")
    usual = {"FEEDSERVER_SITE_URL": "http://blog.example", "PYTHONUNBUFFERED": ""}  # output is kept until the end

    def execute(line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f'feedserver() {{ "{FEEDSERVER[0]}" -m feedserver "$@"; }}; {line}'],
            cwd=outside,
            env=clean_environ() | usual | environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )

    return execute


# --- wrong usage ---


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "post",
        "post add",
        "post edit a b c",
        "post show",
        "post rename a",
        "post list --xml",
        "thought approve",
        "thought approve x",
        "thought approve -1",
        "thought approve 1 ²",
        "thought approve 99999999999999999999",
        "thought list --state nonsense",
        "host block",
        "jobs list --until-idle",
        "db nonsense",
        "serve --bind nonsense",
        "serve --bind :8000",
        "serve --bind 127.0.0.1:x",
        "serve --bind 127.0.0.1:65536",
        "serve --workers 0",
        "serve --threads x",
    ],
)
def test_wrong_usage_ends_with_two_and_leaves_nothing_behind(run: Run, outside: Path, line: str) -> None:
    refused = run(*line.split())

    assert (refused.status, refused.out) == (2, [])
    assert refused.err[0].startswith("usage: feedserver")
    assert "error: " in refused.err[-1]
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("line", ["--help", "--version", "post --help", "post add --help", "thought approve -h"])
def test_help_exits_with_zero(run: Run, outside: Path, line: str) -> None:
    shown = run(*line.split())

    assert (shown.status, shown.err) == (0, [])
    assert shown.out


# --- as a process ---


def test_the_process_ends_with_the_exit_status(shell: Shell) -> None:
    done = shell("feedserver nonsense")

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["post list", "--help"])
def test_a_closed_pipe_ends_without_an_error_message(shell: Shell, run: Run, outside: Path, command: str) -> None:
    if "list" in command:
        for number in range(40):
            (outside / f"{number}.md").write_text(f"---\ntitle: {'long words ' * 60} {number}\n---\n")
        run("post", "add", *(f"{number}.md" for number in range(40)))

    done = shell(f"feedserver {command} | head -1; feedserver {command} | true")

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_a_full_disk_is_reported_in_one_line(shell: Shell) -> None:
    done = shell("feedserver config show > /dev/full")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No space left" in done.stderr


@pytest.mark.parametrize("encoding", ["latin-1"])
def test_a_terminal_that_cannot_write_a_title_shows_what_it_can(shell: Shell, run: Run, encoding: str) -> None:
    run("post", "add", "-", given="---\ntitle: 語 é\nslug: x\n---\n".encode())

    done = shell("feedserver post list; feedserver post list --json", PYTHONIOENCODING=encoding)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(r"\u8a9e") == 2
    assert json.loads(done.stdout[done.stdout.index("[") :])[0]["title"] == "語 é"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("feedserver post add - <&-", "document: is empty"),
        ("feedserver post rename $'\\xff' x", "no post has the slug"),
        ("FEEDSERVER_SITE_TITLE=$'\\xff' feedserver post list", "site.title"),
    ],
    ids=["no standard input", "bytes that are no text", "settings that are no text"],
)
def test_odd_input_is_one_line_and_never_a_traceback(shell: Shell, line: str, said: str) -> None:
    done = shell(line)

    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("feedserver: ")
    assert said in done.stderr


def test_a_command_without_an_output_still_does_its_work(shell: Shell) -> None:
    done = shell("echo '---\ntitle: Quiet\n---' | feedserver post add - >&- 2>&-; feedserver post show quiet")

    assert "title: Quiet" in done.stdout


def test_an_interrupt_while_modules_are_imported_ends_quietly(shell: Shell, outside: Path) -> None:
    (outside / "sqlalchemy.py").write_text("raise KeyboardInterrupt")

    ended = shell("feedserver post list", PYTHONPATH=os.pathsep.join([str(outside), *sys.path]))

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_an_interrupt_of_a_command_ends_it_quietly(run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("feedserver.cli.posts.open_site", interrupt)

    ended = run("post", "list")

    assert (ended.status, ended.out, ended.err) == (130, [], [])


# --- a worker ---


@contextmanager
def working(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[int], None]]]:
    """A worker, and what waits until it has begun so many times."""
    log = folder / "log"
    with log.open("wb") as output:
        worker = subprocess.Popen([*FEEDSERVER, "worker"], cwd=folder, env=clean_environ(), stderr=output)

    def wait_for(times: int) -> None:
        wait_until(lambda: log.read_text().count("running background jobs") == times, 30, log.read_text)

    try:
        wait_for(1)
        yield worker, wait_for
    finally:
        worker.kill()
        worker.wait(30)


def test_a_worker_reads_its_settings_anew_and_keeps_those_of_before_where_there_is_a_mistake(
    outside: Path, run: Run
) -> None:
    settings, log = outside / "feedserver.toml", outside / "log"
    run("init", "--no-example")
    with working(outside) as (worker, wait_for):
        settings.write_text("[feeds]\nentries = 'many'\n")
        worker.send_signal(signal.SIGHUP)
        wait_until(lambda: "nothing is reloaded: feeds.entries: " in log.read_text(), 30, log.read_text)
        settings.write_text("[feeds]\nentries = 30\n")
        worker.send_signal(signal.SIGHUP)
        wait_for(2)
        worker.terminate()
        assert worker.wait(30) == 0


def test_a_worker_hears_a_signal_whichever_of_its_threads_the_system_gives_it_to(outside: Path, run: Run) -> None:
    run("init", "--no-example")
    with working(outside) as (worker, wait_for):
        for round_ in range(12):
            worker.send_signal(signal.SIGSTOP)  # of a stopped process any thread may be the first to go on
            worker.send_signal(signal.SIGHUP)
            worker.send_signal(signal.SIGCONT)
            wait_for(round_ + 2)
        worker.terminate()
        assert worker.wait(30) == 0
