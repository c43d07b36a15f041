"""`/xmlrpc.php`, and `/rsd.xml`, which leads apps there (Really Simple Discovery 1.0).

Answers have status 200, faults too, but for 405, 408, 413 and 415.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import IO, Final
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from feedserver import private_files, xmlrpc
from feedserver.authoring.xmlrpc_apps import faults
from feedserver.authoring.xmlrpc_apps.calls import AppCall, Weblog
from feedserver.authoring.xmlrpc_apps.entrance import BEGINNING, charset_of, entry
from feedserver.authoring.xmlrpc_apps.methods import METHODS, OPEN
from feedserver.authoring.xmlrpc_apps.posting import Posting
from feedserver.authoring.xmlrpc_apps.reader import CallReader
from feedserver.authoring.xmlrpc_apps.values import WrongArguments
from feedserver.services import services
from feedserver.storage.explaining import DATABASE_UNAVAILABLE, is_outage
from feedserver.workplace import workplace

blueprint = Blueprint("xmlrpc_apps", __name__)

_log = logging.getLogger(__name__)

_APIS: Final = ("WordPress", "Movable Type", "MetaWeblog", "Blogger")  # the first one is preferred
_RSD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rsd version="1.0" xmlns="http://archipelago.phrasewise.com/rsd">
<service>
<engineName>feedserver</engineName>
<engineLink>{home}</engineLink>
<homePageLink>{home}</homePageLink>
<apis>
{apis}
</apis>
</service>
</rsd>
"""


@blueprint.get("/xmlrpc.php", provide_automatic_options=False)
def hint() -> BaseResponse:
    """`?rsd` is where WordPress has its description; nothing else can be read here."""
    if "rsd" not in request.args:
        raise MethodNotAllowed(["POST"])
    return redirect(services().urls.rsd(), 301)


@blueprint.get("/rsd.xml")
def description() -> Response:
    urls = services().urls
    link = quoteattr(urls.xmlrpc())
    apis = [
        f'<api name="{name}" blogID="1" preferred="{"false" if number else "true"}" apiLink={link}/>'
        for number, name in enumerate(_APIS)
    ]
    document = _RSD.format(home=escape(urls.home()), apis="\n".join(apis))
    return Response(document, content_type="application/rsd+xml; charset=utf-8")


@blueprint.post("/xmlrpc.php", provide_automatic_options=False)
def endpoint() -> Response:
    """Answers one call."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return _plain(415, "the request body must not be compressed")
    if (request.content_length or 0) > services().settings.media.largest:
        return _plain(413, f"the request body must not be over {services().settings.media.largest} bytes")
    answer = Response(_answer(request.environ["wsgi.input"]), content_type=xmlrpc.CONTENT_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _answer(body: IO[bytes]) -> bytes:
    try:
        return xmlrpc.response(_carry_out(body))
    except Exception as error:  # noqa: BLE001 - apps understand only XML-RPC
        if faults.is_known(error):
            return faults.fault(error)
        if is_outage(error):
            return faults.unavailable()
        _log.exception("a call of an app could not be answered")
        return faults.unavailable() if isinstance(error, DATABASE_UNAVAILABLE) else faults.failed()


def _carry_out(body: IO[bytes]) -> xmlrpc.Value:
    parts, charset = services(), charset_of(request.environ)
    beginning = body.read(BEGINNING)
    entered = entry(request.environ, beginning, charset, parts.apps)
    if entered.app is None:
        return OPEN[entered.method]()
    method = METHODS[entered.method]
    with _files(parts.settings.data_dir) as new_file:
        reader = CallReader(new_file, charset)
        piece = beginning
        while piece:
            reader.feed(piece)
            piece = body.read(BEGINNING)
        params = reader.finish().params or ()
        if len(params) < method.least:
            raise WrongArguments
        weblog = Weblog(parts.database, parts.urls, parts.settings.site, Posting(parts.publisher), parts.library)
        return method.answer(AppCall(weblog, entered.app, params, parts.clock()))


@contextmanager
def _files(folder: Path) -> Iterator[Callable[[], Path]]:
    """Gives new names in a private folder inside `folder`, which is made for the first one and goes with all in it."""
    numbers = count()
    with ExitStack() as stack:
        places: list[Path] = []

        def new_file() -> Path:
            if not places:
                private_files.make_missing(folder)
                places.append(stack.enter_context(workplace(folder)))
            return places[0] / str(next(numbers))

        yield new_file


def _plain(status: int, words: str) -> Response:
    return Response(words + "\n", status, content_type="text/plain; charset=utf-8")
