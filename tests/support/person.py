"""A person at the desk of a real server, without a browser: signs in, opens pages, sends their forms."""

import html
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.support.serving import Site, request

PASSWORD = "a long enough password"
_FORM = re.compile(r'<form[^>]*action="([^"]*)".*?</form>', re.DOTALL)
_INPUT = re.compile(r'<input type="(?:hidden|checkbox)" name="([^"]*)" value="([^"]*)"( checked)?')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass(slots=True)
class Person:
    """Ann, who has an account at `site` and is signed in."""

    site: Site
    cookie: str = ""

    def sign_in(self) -> "Person":
        link = self.site.command("account", "add", "ann").stdout.splitlines()[-1]
        answer = self.post(link, {"password": PASSWORD})
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def get(self, url: str) -> Answer:
        return self._asked(url)

    def post(self, url: str, fields: dict[str, str]) -> Answer:
        return self._asked(url, urlencode(fields).encode())

    def send(self, page: Answer, to: str, **fields: str) -> Answer:
        """Sends the form of a page whose address ends so, as it stands but for these fields."""
        action, form = next((found[1], found[0]) for found in _FORM.finditer(page.text) if found[1].endswith(to))
        filled = [(html.unescape(name), html.unescape(value)) for name, value, _ in _INPUT.findall(form)]
        return self._asked(action, urlencode([*filled, *fields.items()]).encode())

    def _asked(self, url: str, body: bytes | None = None) -> Answer:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        status, fields, content = request(url, body=body, headers=headers)
        return Answer(status, fields, content.decode())
