"""The table of a run: on the terminal, and as performance.json and performance.md in a folder."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.figures import GROWTH, Figure, number
from bench.profiles import Profile

_LIBRARIES = ("flask", "gunicorn", "sqlalchemy", "feedgen", "lxml")
_CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured, and where: `machine` has the keys commit, measured, seconds, cores, processor, system,
    python and versions."""

    machine: dict[str, Any]
    figures: Sequence[Figure]
    profiles: Sequence[Profile]

    @classmethod
    def of(cls, figures: Sequence[Figure], profiles: Sequence[Profile], seconds: float, now: datetime) -> "Run":
        """A run on this machine; figures of one group come together, those of growth last."""
        groups = [*dict.fromkeys(figure.group for figure in figures if figure.group != GROWTH), GROWTH]
        ordered = sorted(figures, key=lambda figure: groups.index(figure.group))
        return cls(_machine(seconds, now), ordered, profiles)


def table(run: Run) -> str:
    """The table for a terminal."""
    lines = []
    for group, figures in groupby(run.figures, lambda figure: figure.group):
        lines += ["", group]
        for name, value, target, verdict, note in map(_row, figures):
            lines.append(f"  {name:<52} {value:>10}  {target:<8} {verdict:<12} {note}".rstrip())
    for profile in run.profiles:
        lines += ["", f"{profile.name}: {profile.milliseconds:.3f} ms"]
        lines += [f"  {name:<60} {calls:>6} {share:>5}" for name, calls, share in profile.rows]
    aimed = [figure.reached for figure in run.figures if figure.reached is not None]
    return "\n".join([*lines, "", f"{sum(aimed)} of {len(aimed)} targets reached"])


def write(folder: Path, run: Run) -> None:
    """Writes both files."""
    figures = [asdict(figure) | {"reached": figure.reached} for figure in run.figures]
    found = {**run.machine, "figures": figures, "profiles": [asdict(profile) for profile in run.profiles]}
    folder.mkdir(exist_ok=True)
    (folder / "performance.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "performance.md").write_text(page(run), "utf-8")


def read(folder: Path) -> Run:
    """The run that `write` wrote into a folder."""
    machine = json.loads((folder / "performance.json").read_text("utf-8"))
    rows: list[dict[str, Any]] = machine.pop("figures")
    figures = [Figure(**{name: value for name, value in row.items() if name != "reached"}) for row in rows]
    return Run(machine, figures, [Profile(**profile) for profile in machine.pop("profiles")])


def page(run: Run) -> str:
    """The tables in Markdown."""
    machine = dict(run.machine)
    machine["versions"] = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    parts = ["# Performance\n\nMade by `make bench`; [measuring.md](measuring.md) explains the rows."]
    parts.append(_markdown(("run", ""), [(name, str(value)) for name, value in machine.items()]))
    for group, figures in groupby(run.figures, lambda figure: figure.group):
        head = ("", "figure", "target", "", "measured")
        parts.append(f"## {group[0].upper()}{group[1:]}\n\n{_markdown(head, map(_row, figures))}")
    for profile in run.profiles:
        rows = [(f"`{name}`", calls, share) for name, calls, share in profile.rows]
        titles = (f"{profile.milliseconds:.3f} ms under the profiler", "calls", "own time")
        parts.append(f"## Profile: {profile.name}\n\n{_markdown(titles, rows)}")
    return "\n\n".join(parts) + "\n"


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "reached", False: "not reached", None: ""}[figure.reached]
    return figure.name, f"{number(figure.value)} {figure.unit}".strip(), figure.target, verdict, figure.note


def _markdown(head: Sequence[str], rows: Any) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _machine(seconds: float, now: datetime) -> dict[str, Any]:
    model = [line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")]
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else ""),
        "measured": f"{now:%Y-%m-%d}",
        "seconds": round(seconds),
        "cores": os.cpu_count(),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _git(*arguments: str) -> str:
    if shutil.which("git") is None:
        return ""
    found = subprocess.run(["git", *arguments], cwd=_CHECKOUT, capture_output=True, text=True, check=False)
    return found.stdout.strip()
