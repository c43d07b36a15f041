"""What feedserver is measured against: the least that can answer with the same bytes, under the same gunicorn settings.

    python -m bench.rivals wsgi|flask|page HOST:PORT FOLDER [WORKERS]

`wsgi` and `flask` answer every path with the bytes and header fields that `FOLDER/feed.json` names; `page` renders the
post's own template from values that it holds in memory.
"""

import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request

from feedserver.app import create_app
from feedserver.feeds.autodiscovery import for_post
from feedserver.pages import comment_form, views
from feedserver.server import Server, gunicorn_settings
from feedserver.services import Services
from feedserver.settings import load
from feedserver.thoughts import store

_OURS = ("on_starting", "when_ready", "post_worker_init", "worker_exit")  # hooks that need a site


class Rival(Server):
    """gunicorn with feedserver's settings and another application."""

    def __init__(self, application: Any, bind: str, workers: int) -> None:
        options = gunicorn_settings(bind, workers)
        super().__init__({name: value for name, value in options.items() if name not in _OURS})
        self._application = application

    def load(self) -> Any:
        return self._application


def bare_wsgi(kept: dict[str, Any]) -> Callable[..., Iterable[bytes]]:
    """The least: a comparison, and the bytes."""
    body, packed = b64decode(kept["body"]), b64decode(kept["gzip"])
    shared = [(name, value) for name, value in kept["headers"]]
    kind = ("Content-Type", kept["type"])
    whole = [kind, ("Content-Length", str(len(body))), *shared]
    small = [kind, ("Content-Length", str(len(packed))), ("Content-Encoding", "gzip"), *shared]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == kept["etag"]:
            start_response("304 Not Modified", shared)
            return []
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            start_response("200 OK", small)
            return [packed]
        start_response("200 OK", whole)
        return [body]

    return application


def bare_flask(kept: dict[str, Any]) -> Flask:
    """A view as one would write it."""
    app = Flask("bare", static_folder=None)
    body, packed = b64decode(kept["body"]), b64decode(kept["gzip"])

    @app.get("/<path:_>")
    def feed(_: str) -> Response:
        wants_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        response = Response(packed if wants_gzip else body, content_type=kept["type"])
        response.headers.extend(kept["headers"])
        if wants_gzip:
            response.headers["Content-Encoding"] = "gzip"
        response.make_conditional(request)
        return response

    return app


def bare_page(slug: str) -> Flask:
    """The post's page from memory: its template, its post, its thoughts, nothing looked up."""
    services = Services(load())
    app = create_app(services=services)
    with app.test_request_context():
        found = views.visible_post(slug)
        with services.database.read() as connection:
            shown = tuple(store.shown_on(connection, found.id))
        values = {
            "post": found,
            "authors": found.authors,
            "thoughts": shown,
            "related": (),
            "form": comment_form.empty_form(found),
            "notice": None,
            "pingback": services.urls.pingback(),
            "canonical": services.urls.post(slug),
            "feeds": for_post(found),
        }
    services.database.close()
    services.changes.close()
    bare = Flask("bare", static_folder=None, template_folder=str(Path(views.__file__).with_name("templates")))
    bare.jinja_options = app.jinja_options
    bare.jinja_env.globals |= {name: app.jinja_env.globals[name] for name in ("site", "urls", "stylesheet")}
    bare.jinja_env.filters |= {name: app.jinja_env.filters[name] for name in ("day", "moment", "rfc3339", "paragraphs")}

    @bare.get("/<path:_>")
    def page(_: str) -> str:
        return render_template("post.html", **values)

    return bare


def main(kind: str, bind: str, folder: str, workers: str = "1") -> None:
    kept = json.loads(Path(folder, "feed.json").read_text("utf-8"))
    applications: dict[str, Callable[[], Any]] = {
        "wsgi": lambda: bare_wsgi(kept),
        "flask": lambda: bare_flask(kept),
        "page": lambda: bare_page(kept["slug"]),
    }
    Rival(applications[kind](), bind, int(workers)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
