"""The webmention endpoint: a form over POST, and a page with that form for people.

Nothing of cookies or sessions is used, so requests of other sites' scripts and forms are harmless, and allowed
(Webmention, section 4.4).
"""

from typing import Final

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver import errors
from feedserver.request_body import FORM, BodyRefused, read_body
from feedserver.services import services
from feedserver.thoughts import webmention
from feedserver.thoughts.failures import is_unavailable
from feedserver.thoughts.webmention import Answer, FormError

blueprint = Blueprint("webmention", __name__)

_PATH: Final = "/webmention"
_ALLOW: Final = "GET, HEAD, POST, OPTIONS"
_PREFLIGHT_SECONDS: Final = 86_400


@blueprint.post(_PATH, strict_slashes=False, provide_automatic_options=False)
def endpoint() -> BaseResponse:
    """Answers one webmention."""
    try:
        sent = webmention.fields(read_body(FORM))
    except BodyRefused as error:
        return _respond(Answer(error.status, webmention.REFUSED, str(error)), webmention.fields(b""))
    return _respond(_answer(sent), sent)


@blueprint.get(_PATH, provide_automatic_options=False)
def page() -> Response:
    """The form for people; `?target=` fills in the post's address."""
    return _page(target=request.args.get("target", ""))


@blueprint.get(f"{_PATH}/", provide_automatic_options=False)
def page_with_slash() -> BaseResponse:
    query = request.query_string.decode("ascii", "replace")
    return redirect(services().urls.webmention() + (f"?{query}" if query else ""), 301)


@blueprint.route(_PATH, methods=["OPTIONS"], strict_slashes=False)
def preflight() -> Response:
    """Answers browsers that ask whether another site's script may send a request (Fetch Standard, CORS-preflight)."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    response.headers["Allow"] = response.headers["Access-Control-Allow-Methods"] = _ALLOW
    response.headers["Access-Control-Allow-Headers"] = "*"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


@blueprint.after_app_request
def _for_everybody(response: Response) -> Response:
    """Lets scripts of other sites read every answer, the router's too, which says that a method is not allowed."""
    if request.path.rstrip("/") != _PATH:
        return response
    if response.status_code == 405:
        response.set_data("this address takes GET and POST\n")
        response.content_type = "text/plain; charset=utf-8"
        response.headers["Allow"] = _ALLOW
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
    return response


def _answer(sent: webmention.Fields) -> Answer:
    try:
        source, target = (webmention.only_value(sent, field) for field in webmention.FIELDS)
        taken = services().receiver.receive(source, target, request.remote_addr or "", "webmention").thought
    except FormError as error:
        return Answer(400, webmention.REFUSED, str(error))
    except errors.PingError as error:
        return webmention.refused(error)
    except Exception as error:  # noqa: BLE001 - senders read a line, or JSON
        return webmention.refused(errors.Unavailable()) if is_unavailable(error) else webmention.internal_error()
    return webmention.taken(taken.state, services().urls.receipt(taken.receipt_token or ""))


def _respond(answer: Answer, sent: webmention.Fields) -> BaseResponse:
    response: BaseResponse
    match webmention.form_of_answer(request.headers.get("Accept", "")):
        case "html" if answer.status == 201 and answer.receipt:
            response = redirect(answer.receipt, 303)
        case "html":
            response = _page(answer, **{field: webmention.typed(sent, field) for field in webmention.FIELDS})
        case "json":
            response = jsonify(answer.as_json)
            response.status_code = answer.status
        case _:
            response = _plain(answer)
    if answer.status == 201 and answer.receipt:
        response.headers["Location"] = answer.receipt
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(answer: Answer | None = None, source: str = "", target: str = "") -> Response:
    html = render_template("webmention.html", answer=answer, source=source, target=target, canonical=None, feeds=[])
    response = make_response(html, answer.status if answer else 200)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _plain(answer: Answer) -> Response:
    return Response(answer.line + "\n", answer.status, content_type="text/plain; charset=utf-8")
