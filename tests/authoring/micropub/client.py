"""A Micropub client for tests: what an app sends with its token, over Flask's test client."""

import json
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from feedserver.services import WebServices

SITE = "http://blog.example"


@dataclass(frozen=True, slots=True)
class App:
    """An app with its token; None: it sends none."""

    client: FlaskClient
    token: str | None

    def with_scopes(self, services: WebServices, *scopes: str) -> "App":
        """Another app of the same author."""
        return replace(self, token=services.apps.create("ann", "Another", scopes)[1])

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def form(self, path: str = "/micropub", /, **fields: Any) -> TestResponse:
        """Posts a form; lists are sent with brackets."""
        pairs = [
            (f"{name}[]" if isinstance(value, list) else name, one)
            for name, value in fields.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        return self.client.post(
            path,
            data=urlencode(pairs),
            content_type="application/x-www-form-urlencoded",
            headers=self.headers,
        )

    def json(self, value: Any) -> TestResponse:
        data = value if isinstance(value, str) else json.dumps(value)
        return self.client.post("/micropub", data=data, content_type="application/json", headers=self.headers)

    def parts(self, files: list[tuple[str, bytes, str]], path: str = "/micropub", /, **fields: Any) -> TestResponse:
        """Posts a form with files: field, bytes, file name."""
        data: dict[str, Any] = dict(fields)
        for name, content, file_name in files:
            data.setdefault(name, []).append(FileStorage(BytesIO(content), file_name))
        boundary, body = encode_multipart(data)  # not in a file, which the client would leave open
        kind = f'multipart/form-data; boundary="{boundary}"'
        return self.client.post(path, data=body, content_type=kind, headers=self.headers)

    def create(self, **properties: Any) -> str:
        """Makes a post of properties; returns its address."""
        body = {
            "type": ["h-entry"],
            "properties": {name.replace("_", "-"): value for name, value in properties.items()},
        }
        response = self.json(body)
        assert response.status_code in (201, 202), response.text
        return response.headers["Location"]

    def update(self, url: str, **changes: Any) -> TestResponse:
        return self.json({"action": "update", "url": url, **changes})

    def source(self, url: str, *properties: str) -> dict[str, Any]:
        """The properties of a post."""
        response = self.query([("q", "source"), ("url", url), *(("properties[]", name) for name in properties)])
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.get_json()["properties"]
        return found

    def query(self, pairs: list[tuple[str, str]], path: str = "/micropub") -> TestResponse:
        return self.client.get(f"{path}?{urlencode(pairs)}", headers=self.headers)

    def page(self, url: str) -> TestResponse:
        """The page at an address of the site, as anybody sees it."""
        return self.client.get(url.removeprefix(SITE))
