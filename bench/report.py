"""What `make bench` leaves behind: a table on the terminal, docs/performance.json, .svg, .md, figures in scaling.md."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import scaling
from bench.figures import Figure, by_group, in_rows
from bench.picture import drawn
from bench.profiling import Profile

_LIBRARIES = ("flask", "gunicorn", "sqlalchemy", "feedgen", "lxml")
_CHECKOUT = Path(__file__).parents[1]
_WORDS = Path(__file__).with_name("words.md")


def tell(figures: Sequence[Figure]) -> None:
    """Prints the table."""
    for group, members in by_group(figures).items():
        print(f"\n{group}")
        for name, value, target, verdict, note in in_rows(members):
            print(f"  {name:<52} {value:>14}  {target:<18} {verdict:<12} {note}")
    missed = [figure for figure in figures if figure.reached is False]
    aimed = [figure for figure in figures if figure.reached is not None]
    print(f"\n{len(aimed) - len(missed)} of {len(aimed)} targets reached")


def write(folder: Path, figures: Sequence[Figure], profiles: Sequence[Profile], seconds: float, now: datetime) -> None:
    """Writes the three files, and the figures in scaling.md where it is there. `seconds` is how long it all took."""
    where = _where(seconds, now)
    found = {
        **where,
        "figures": [asdict(figure) | {"target": figure.target, "reached": figure.reached} for figure in figures],
        "profiles": [asdict(profile) for profile in profiles],
    }
    folder.mkdir(exist_ok=True)
    (folder / "performance.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "performance.svg").write_text(drawn(figures), "utf-8")
    (folder / "performance.md").write_text(_page(where, figures, profiles), "utf-8")
    if (page := folder / "scaling.md").exists():
        page.write_text(scaling.renewed(page.read_text("utf-8"), where, figures), "utf-8")


def read(folder: Path) -> tuple[dict[str, Any], list[Figure]]:
    """The machine and the figures of the run that `folder` tells of."""
    found = json.loads((folder / "performance.json").read_text("utf-8"))
    names = [field.name for field in fields(Figure)]
    return found, [Figure(**{name: one[name] for name in names if name in one}) for one in found["figures"]]


def _where(seconds: float, now: datetime) -> dict[str, Any]:
    """The machine, and what was measured on it."""
    model = [line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")]
    return {
        "command": "make bench",
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("" if not _git("status", "--porcelain", "-uno") else "+"),
        "measured": f"{now:%Y-%m-%d}",
        "seconds": round(seconds),
        "cores": os.cpu_count(),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=_CHECKOUT, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _page(where: dict[str, Any], figures: Sequence[Figure], profiles: Sequence[Profile]) -> str:
    before, after = _WORDS.read_text("utf-8").split("<!-- the figures -->\n")
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    machine = (
        f"Measured by `{where['command']}` at commit {where['commit']} on {where['measured']}, "
        f"in {where['seconds']} s: {where['cores']} cores ({where['processor']}), {where['system']}, "
        f"Python {where['python']}, {versions}."
    )
    tables = [_table(group, members) for group, members in by_group(figures).items()]
    shown = [_profile(profile) for profile in profiles]
    return "\n".join([before + machine, "", *tables, "## Where the time goes", "", *shown, after.lstrip("\n")])


def _table(group: str, figures: Sequence[Figure]) -> str:
    rows = [f"| {' | '.join(row)} |" for row in in_rows(figures)]
    head = f"## {group[0].upper()}{group[1:]}\n\n| | figure | target | | of what |\n|---|---|---|---|---|"
    return "\n".join([head, *rows, ""])


def _profile(profile: Profile) -> str:
    rows = [f"| `{name}` | {calls} | {share} |" for name, calls, share in profile.rows]
    name = profile.name[0].upper() + profile.name[1:]
    head = f"{name}: {profile.milliseconds:.3f} ms under the profiler, which slows all calls."
    return "\n".join([head, "", "| function | calls | own time |", "|---|---|---|", *rows, ""])
