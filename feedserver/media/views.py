"""Pictures and files over HTTP, where `web.media_fast_path` does not know the address yet."""

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.media.responses import MediaRequest
from feedserver.services import services

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<hash_>/<name>")
def file(hash_: str, name: str) -> BaseResponse:
    """The bytes, or a part of them; the address with another name leads to the right one."""
    parts = services()
    found = parts.media_responder.find(hash_, name)
    if found is None:
        abort(404)
    if found.name != name:
        return redirect(parts.urls.media(found.hash, found.name), 301)
    response = parts.media_responder.respond(found, MediaRequest.of(request.environ))
    if response is None:
        abort(404)
    content = response.content(request.environ)
    return Response(content, response.line, response.headers, direct_passthrough=True)
