"""`feedserver health` and `doctor`. What they need is imported late: other commands start sooner without it."""

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from feedserver import listening, settings
from feedserver.cli.arguments import Commands, bind_address, remark, verb
from feedserver.errors import FetchError, SettingsError, StorageError
from feedserver.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feedserver.doctor.model import Finding

_SECONDS: Final = 4.0  # for the whole answer


def add_commands(commands: Commands) -> None:
    health = verb(commands, "health", _health, "ask the running server whether it can serve; exit 1 when it is down")
    health.add_argument(
        "--bind", metavar="HOST:PORT", type=bind_address, help="where it listens; default: where the last one started"
    )
    doctor = verb(commands, "doctor", _doctor, "look at all that an operator can get wrong; exit 1 if something is")
    doctor.add_argument("--from-outside", action="store_true", help="also through the public address, as others see it")


def _health(chosen: Namespace) -> int:
    from feedserver.net import own_server

    address = f"http://{chosen.bind}" if chosen.bind else listening.noted(settings.load().data_dir)
    try:
        answer = own_server.ask(address, "/readyz", _SECONDS)
    except FetchError as error:
        remark(f"down: {error} at {address}")
        return 1
    found = _contents(answer.body)
    if found is None:
        remark(f"down: what answers at {address} is no feedserver ({answer.status})")
        return 1
    line = "; ".join([found["status"], *_details(found["checks"])])
    if answer.status != 200:
        remark(line)
        return 1
    print(line)
    return 0


def _doctor(chosen: Namespace) -> int:
    from feedserver.doctor import looking
    from feedserver.services import Services

    try:
        report = settings.read()
    except SettingsError as error:
        for fault in error.faults:
            print(f"wrong settings      {fault}")
        return 1
    try:
        services = Services(report.settings)
    except StorageError as error:  # what `database.url` or `data_dir` says cannot be one
        print(f"wrong settings      {error}")
        return 1
    wrong = _told(looking.inside(report, services, listening.noted(report.settings.data_dir)))
    if chosen.from_outside and looking.has_site(services):
        wrong += _told(looking.from_outside(services))
    services.database.close()
    return 1 if wrong else 0


def _told(findings: "Iterable[Finding]") -> int:
    """Prints a line for each finding, as soon as it is there; returns how many are wrong."""
    wrong = 0
    for finding in findings:
        print(printable(str(finding)), flush=True)
        wrong += finding.is_wrong
    return wrong


def _contents(body: bytes) -> dict[str, Any] | None:
    """What `/readyz` says; None if it is something else that answers."""
    try:
        found = json.loads(body)
        return found if isinstance(found["status"], str) and isinstance(found["checks"], dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def _details(checks: dict[str, Any]) -> list[str]:
    return [f"{name}: {check['detail']}" for name, check in checks.items() if check["status"] in ("degraded", "down")]
