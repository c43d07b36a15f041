"""`feedserver health` and `doctor`. What they need is imported late: other commands start sooner without it."""

import json
from argparse import Namespace
from typing import Any, Final

from feedserver import listening, settings
from feedserver.cli.arguments import Commands, remark, verb
from feedserver.errors import FetchError

_SECONDS: Final = 4.0  # for the whole answer


def add_commands(commands: Commands) -> None:
    health = verb(commands, "health", _health, "ask the running server whether it can serve; exit 1 when it is down")
    health.add_argument("--bind", metavar="HOST:PORT", help="where it listens; default: where the last one started")


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


def _contents(body: bytes) -> dict[str, Any] | None:
    """What `/readyz` says; None if it is something else that answers."""
    try:
        found = json.loads(body)
        return found if isinstance(found["status"], str) and isinstance(found["checks"], dict) else None
    except (ValueError, KeyError, TypeError):
        return None


def _details(checks: dict[str, Any]) -> list[str]:
    return [f"{name}: {check['detail']}" for name, check in checks.items() if check["status"] in ("degraded", "down")]
