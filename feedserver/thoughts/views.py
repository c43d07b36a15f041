"""The pingback endpoint: XML-RPC over POST. All responses but 405, 408, 413 and 415 are XML-RPC with status 200."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request

from feedserver import errors, xmlrpc
from feedserver.request_body import BodyRefused, read_body
from feedserver.services import services
from feedserver.thoughts import pingback, shown
from feedserver.thoughts.failures import is_unavailable
from feedserver.xmlrpc import Call, Value

blueprint = Blueprint("thoughts", __name__)

_MOST_PINGBACKS: Final = 1_000  # in one answer: anyone can ask, and a post can have many thousands


@blueprint.post("/pingback", provide_automatic_options=False, strict_slashes=False)
def endpoint() -> Response:
    """Answers one XML-RPC call."""
    try:
        body = read_body()
    except BodyRefused as error:
        return _plain(error.status, str(error))
    return Response(_answer(body), content_type=xmlrpc.CONTENT_TYPE)


def _answer(body: bytes) -> bytes:
    try:
        call = xmlrpc.parse(body)
        if call.method not in _METHODS:
            raise xmlrpc.UnknownMethod
        return xmlrpc.response(_METHODS[call.method](call))
    except xmlrpc.XmlRpcError as error:
        return xmlrpc.fault(error.code, str(error))
    except errors.PingError as error:
        return pingback.fault(error)
    except Exception as error:  # noqa: BLE001 - senders understand only XML-RPC
        return pingback.fault(errors.Unavailable()) if is_unavailable(error) else pingback.internal_error()


def _ping(call: Call) -> str:
    source, target = pingback.source_and_target(call)
    outcome = services().receiver.receive(source, target, request.remote_addr or "")
    receipt = services().urls.receipt(outcome.thought.receipt_token or "")
    return f"Pingback from {source} to {target} {outcome.outcome}. {receipt}"


def _get_pingbacks(call: Call) -> list[str]:
    """`pingback.extensions.getPingbacks`: the sources of the pings that a post shows, the newest 1,000."""
    post = services().receiver.post_at(pingback.one_string(call))
    with services().database.read() as connection:
        found = shown.newest_pings(connection, post.id, services().urls, _MOST_PINGBACKS)
    return [thought.source for thought in found if thought.source]


def _list_methods(call: Call) -> list[str]:
    call.strings(0, "system.listMethods takes no parameters")
    return list(_METHODS)


def _method_signature(call: Call) -> list[list[str]]:
    return _DESCRIBED[_known_method(call)][0]


def _method_help(call: Call) -> str:
    return _DESCRIBED[_known_method(call)][1]


def _known_method(call: Call) -> str:
    name = pingback.one_string(call)
    if name not in _METHODS:
        raise xmlrpc.UnknownMethod
    return name


_METHODS: Final[dict[str, Callable[[Call], Value]]] = {
    "pingback.ping": _ping,
    "pingback.extensions.getPingbacks": _get_pingbacks,
    "system.listMethods": _list_methods,
    "system.methodSignature": _method_signature,
    "system.methodHelp": _method_help,
}
# A signature begins with the type of the result.
_DESCRIBED: Final[dict[str, tuple[list[list[str]], str]]] = {
    "pingback.ping": (
        [["string", "string", "string"]],
        "Registers that the page at the first URL, the source, links to the post at the second, the target.",
    ),
    "pingback.extensions.getPingbacks": (
        [["array", "string"]],
        "The URLs of the pages whose pingbacks and webmentions are shown on the post at this URL.",
    ),
    "system.listMethods": ([["array"]], "The names of the methods that this server has."),
    "system.methodSignature": ([["array", "string"]], "The types that a method returns and takes."),
    "system.methodHelp": ([["string", "string"]], "What a method does."),
}


def _plain(status: int, text: str) -> Response:
    return Response(text + "\n", status, content_type="text/plain; charset=utf-8")
