"""The Micropub endpoint and its media endpoint. Scripts of any site may use them: no cookie means anything here."""

from typing import Final

from flask import Blueprint, Response, jsonify, request

from feedserver.accounts.model import AppToken
from feedserver.authoring import answers, bearer
from feedserver.authoring.micropub import queries, sent
from feedserver.authoring.micropub.finding import Finder
from feedserver.authoring.micropub.posting import Posting
from feedserver.authoring.micropub.requests import Creation, Removal, Update
from feedserver.authoring.micropub.sent import JSON, Sent
from feedserver.authoring.micropub.uploads import Uploads
from feedserver.request_body import FORM
from feedserver.services import services

blueprint = Blueprint("micropub", __name__)

PATH: Final = "/micropub"
MEDIA_PATH: Final = f"{PATH}/media"
_ALLOW: Final = "GET, HEAD, POST, OPTIONS"


@blueprint.get(PATH, strict_slashes=False, provide_automatic_options=False)
@answers.answering
def query() -> Response:
    """Answers `?q=…`."""
    return jsonify(queries.answer(_app(None)))


@blueprint.post(PATH, strict_slashes=False, provide_automatic_options=False)
@answers.answering
def endpoint() -> Response:
    """Makes, changes, deletes or brings back a post."""
    body, app = _read()
    parts = services()
    posting = Posting(parts.publisher, Finder(parts.publisher, parts.clock), parts.clock)
    asked = body.request(bearer.of_header(request.environ, parts.apps).token)
    match asked:
        case Creation():
            document = posting.draft_of(asked, app)  # refused before files are kept
            if body.uploads:
                document = posting.draft_of(_uploads().with_files(asked, body.uploads, app), app)
            made = posting.add(document, app)
            return answers.done(202 if made.is_to_come else 201, made.location)
        case Update():
            location = posting.update(asked, app)
            return answers.done(201 if location else 204, location)
        case Removal():
            posting.carry_out(asked, app)
            return answers.done(204)


@blueprint.get(MEDIA_PATH, strict_slashes=False, provide_automatic_options=False)
@answers.answering
def media_query() -> Response:
    """Answers `?q=source`: what was uploaded last."""
    return jsonify(queries.media(_app(None)))


@blueprint.post(MEDIA_PATH, strict_slashes=False, provide_automatic_options=False)
@answers.answering
def media_endpoint() -> Response:
    """Takes one file."""
    body, app = _read()
    return answers.done(201, _uploads().add(body.uploads, app))


@blueprint.route(PATH, methods=["OPTIONS"], strict_slashes=False)
@blueprint.route(MEDIA_PATH, methods=["OPTIONS"], strict_slashes=False)
def preflight() -> Response:
    return answers.preflight(_ALLOW)


@blueprint.after_app_request
def _for_everybody(response: Response) -> Response:
    """Lets scripts of other sites read every answer, the router's too."""
    if request.path.rstrip("/") in (PATH, MEDIA_PATH):
        answers.for_everybody(response)
    return response


def _read() -> tuple[Sent, AppToken]:
    """The body of a request, and the app that sent it. A wrong token in the header is refused before the body is read,
    one in a form before that is parsed."""
    parts = services()
    known = bearer.of_header(request.environ, parts.apps)
    if known.problem is not None:
        raise known.problem
    if known.app is None and request.mimetype in (FORM, JSON):
        _app(sent.token_unparsed())
    body = sent.read(None if known.app is None else parts.library.largest)
    return body, _app(body.token)


def _app(token_in_body: str | None) -> AppToken:
    apps = services().apps
    return bearer.require(bearer.of_header(request.environ, apps), token_in_body, request.remote_addr or "", apps)


def _uploads() -> Uploads:
    return Uploads(services().library, services().urls)
