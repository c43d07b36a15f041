"""The rivals: the least code that gives the same answers, under gunicorn with feedserver's settings and no access log.

    python -m bench.rivals wsgi|flask|page|unlogged HOST:PORT FOLDER WORKERS

`wsgi` and `flask` answer every path with the bytes and header fields of `FOLDER/answers.json`; `page` renders the
template of one post from values in memory; `unlogged` is feedserver itself without its access log.
"""

import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request, template_rendered

from feedserver.app import create_app
from feedserver.server import Server, gunicorn_settings

_OF_A_SITE = ("on_starting", "when_ready", "post_worker_init", "worker_exit", "logger_class")


class Rival(Server):
    """gunicorn with feedserver's settings and another application."""

    def __init__(self, application: Any, bind: str, workers: int) -> None:
        options = gunicorn_settings(bind, workers) | {"accesslog": None}
        super().__init__({name: value for name, value in options.items() if name not in _OF_A_SITE})
        self._application = application

    def load(self) -> Any:
        return self._application


def bare_wsgi(answers: dict[str, Any]) -> Callable[..., Iterable[bytes]]:
    """The least: a comparison, and the bytes."""
    body, packed = b64decode(answers["body"]), b64decode(answers["gzip"])
    shared = [(name, value) for name, value in answers["headers"]]
    content_type = ("Content-Type", answers["type"])
    whole = [content_type, ("Content-Length", str(len(body))), *shared]
    small = [content_type, ("Content-Length", str(len(packed))), ("Content-Encoding", "gzip"), *shared]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == answers["etag"]:
            start_response("304 Not Modified", shared)
            return []
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            start_response("200 OK", small)
            return [packed]
        start_response("200 OK", whole)
        return [body]

    return application


def bare_flask(answers: dict[str, Any]) -> Flask:
    """A view as one would write it."""
    app = Flask("bare", static_folder=None)
    body, packed = b64decode(answers["body"]), b64decode(answers["gzip"])

    @app.get("/<path:_>")
    def feed(_: str) -> Response:
        wants_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        response = Response(packed if wants_gzip else body, content_type=answers["type"])
        response.headers.extend(answers["headers"])
        if wants_gzip:
            response.headers["Content-Encoding"] = "gzip"
        response.make_conditional(request)
        return response

    return app


def bare_page(path: str) -> Flask:
    """The post's page from memory: its own template and values, nothing looked up."""
    rendered: list[tuple[Any, dict[str, Any]]] = []
    site = create_app()
    with template_rendered.connected_to(lambda _, template, context: rendered.append((template, context)), site):
        assert site.test_client().get(path).status_code == 200
    template, context = rendered[-1]
    bare = Flask("bare", static_folder=None)
    for name in bare.jinja_env.globals.keys() & context.keys():
        del context[name]  # request, session and g are those of the rival

    @bare.get("/<path:_>")
    def page(_: str) -> str:
        return render_template(template, **context)

    return bare


def main(kind: str, bind: str, folder: str, workers: str) -> None:
    answers = json.loads(Path(folder, "answers.json").read_text("utf-8"))
    if kind == "unlogged":
        Server(gunicorn_settings(bind, int(workers)) | {"accesslog": None}).run()
    rivals: dict[str, Callable[[], Any]] = {
        "wsgi": lambda: bare_wsgi(answers),
        "flask": lambda: bare_flask(answers),
        "page": lambda: bare_page(answers["page"]),
    }
    Rival(rivals[kind](), bind, int(workers)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
