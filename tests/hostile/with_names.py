"""feedserver with a resolver of the test's own: a program to run in place of `python -m feedserver`.

The file that HOSTILE_NAMES names holds JSON: for each name the answers that it gives one after the other, the last one
for ever, each a list of addresses. All other names go to the system's resolver.
"""

import json
import os
import socket
import sys
import threading
from typing import Any

from feedserver.cli import main

_lock = threading.Lock()
_real = socket.getaddrinfo
with open(os.environ["HOSTILE_NAMES"], encoding="utf-8") as _file:
    _names: dict[str, list[list[str]]] = json.load(_file)


def _resolve(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
    with _lock:
        answers = _names.get(host)
        if answers is None:
            return _real(host, port, *arguments, **named)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return [_address_info(address, port) for address in addresses]


def _address_info(address: str, port: int) -> Any:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


socket.getaddrinfo = _resolve
sys.exit(main())
