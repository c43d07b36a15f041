"""micropub-helper, a client from npm, finds the endpoints, gets a token and writes: `make readers` installs it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.feed_programs import EXTRA, SCRIPTS
from tests.support.machine import READERS
from tests.support.media_files import encoded, quarters
from tests.support.person import Person
from tests.support.serving import Blog, Site, running_site

pytestmark = pytest.mark.skipif(EXTRA is None, reason=READERS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("micropub")) as site:
        yield site


def helper(step: str, options: dict[str, Any], **given: Any) -> Any:
    """A step of tests/support/readers/micropub.cjs."""
    command = ["node", str(SCRIPTS / "micropub.cjs"), f"{EXTRA}/npm", step, json.dumps({"options": options, **given})]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_writes_changes_deletes_and_brings_back(site: Site, tmp_path: Path) -> None:
    app = Blog("127.0.2.7")
    client_id = app.put("/", '<div class="h-app"><a class="u-url p-name" href="/">A client from npm</a></div>')
    person = Person(site).sign_in()
    options = {"clientId": client_id, "redirectUri": f"{app.url}/cb", "state": "s", "me": f"{site.url}/"}
    scope = "create update delete undelete media"

    asked = helper("authorize", {**options, "scope": scope})
    page = person.get(person.get(asked["address"]).headers["location"])
    led = person.send(page, "/authorize/decision", allow="1")
    code = parse_qs(urlsplit(led.headers["location"]).query)["code"][0]
    token = helper("token", asked["options"], code=code)["token"]
    (tmp_path / "lark.png").write_bytes(encoded(quarters(), "PNG"))
    done = helper("write", {**asked["options"], "token": token}, picture=str(tmp_path / "lark.png"))

    assert "A client from npm" in page.text
    assert led.headers["location"].startswith(f"{app.url}/cb?code=")
    assert done["verified"] is True
    assert done["post"] == f"{site.url}/posts/from-npm"
    assert done["media"].endswith("/lark.png")
    assert done["source"] == {"properties": {"content": ["Changed"], "category": ["a", "b"]}}
    assert done["note_source"]["properties"]["category"] == ["x", "y"]
    assert len(done["list"]["items"]) == 1
    assert done["gone"] == 400
    assert done["back"] == {"properties": {"name": ["From npm"]}}
    (listed,) = json.loads(site.command("app", "list", "--json").stdout)
    assert (listed["name"], listed["account"]) == ("127.0.2.7", "ann")
    app.close()
