"""Where to go after signing in: paths of the desk alone. Pure."""

import re
from typing import Final
from urllib.parse import unquote

HOME: Final = "/desk"
_PATH: Final = re.compile(r"/desk(?:/[\w.~%!$&'()*+,;=:@-]+)*", re.ASCII)
_QUERY: Final = re.compile(r"[\w.~%!$&'()*+,;=:@/?-]*", re.ASCII)
_LEADS_ELSEWHERE: Final = re.compile(r"[/\\\x00-\x1f\x7f]")  # in a decoded segment
_LONGEST: Final = 2_000  # characters


def read_next(text: str, prefix: str) -> str:
    """Returns the path and query that a form or an address names, below `site.url`; for any other that of the inbox.

    `prefix` is the path of `site.url`, with which it may begin too.
    """
    for read in (text, text.removeprefix(prefix)):
        path, mark, query = read.partition("?")
        if len(read) <= _LONGEST and _PATH.fullmatch(path) and _QUERY.fullmatch(query) and _stays(path):
            return f"{path}{mark}{query}"
    return HOME


def _stays(path: str) -> bool:
    """Whether no segment leads elsewhere, however it is encoded, and the page is none for signing in or out."""
    steps = [unquote(step) for step in path.split("/")[1:]]
    if any(step in (".", "..") or "%" in step or _LEADS_ELSEWHERE.search(step) for step in steps):
        return False
    return steps[1:2] not in (["sign-in"], ["sign-out"], ["welcome"])
