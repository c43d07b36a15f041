"""The endpoints of IndieAuth that only programs use; `desk/authorize` is the page that asks the author.

Scripts of any site may use them: no cookie means anything here.
"""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from feedserver.accounts import app_tokens
from feedserver.accounts.model import SCOPES, AppToken
from feedserver.authoring import answers, bearer
from feedserver.authoring.indieauth import forms
from feedserver.authoring.indieauth.forms import BadForm
from feedserver.authoring.indieauth.granting import BadGrant, Grants
from feedserver.authoring.writing import require_scope
from feedserver.request_body import FORM, BodyRefused, read_body
from feedserver.services import services

blueprint = Blueprint("indieauth", __name__)

_METADATA: Final = "/.well-known/oauth-authorization-server"
_ENDPOINTS: Final = "/indieauth/"
_ALLOW: Final = "GET, HEAD, POST, OPTIONS"
_PROFILE: Final = "profile"  # a scope


@blueprint.get(_METADATA)
def metadata() -> Response:
    """What apps find out about the endpoints (IndieAuth section 4.1.1, RFC 8414)."""
    urls = services().urls
    return jsonify(
        issuer=urls.me(),
        authorization_endpoint=urls.indieauth("authorize"),
        token_endpoint=urls.indieauth("token"),
        revocation_endpoint=urls.indieauth("revoke"),
        revocation_endpoint_auth_methods_supported=["none"],
        introspection_endpoint=urls.indieauth("introspect"),
        userinfo_endpoint=urls.indieauth("userinfo"),
        scopes_supported=[*SCOPES, _PROFILE],
        response_types_supported=["code"],
        grant_types_supported=["authorization_code"],
        code_challenge_methods_supported=["S256"],
        authorization_response_iss_parameter_supported=True,
    )


@blueprint.get(f"{_ENDPOINTS}authorize", provide_automatic_options=False)
def authorize() -> BaseResponse:
    """Leads on to the page that asks the author: nothing public names the desk."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{services().urls.desk('/authorize')}?{query}", 303)


@blueprint.post(f"{_ENDPOINTS}authorize", provide_automatic_options=False)
@answers.answering
def profile() -> Response:
    """Says who the author is, for a code (IndieAuth section 5.3.2)."""
    try:
        grant = _grants().redeem(forms.redemption(forms.fields(read_body(FORM))))
    except (BadForm, BadGrant) as error:
        return _failed(error)
    return jsonify(me=services().urls.me(), **_with_profile(grant.scopes))


@blueprint.post(f"{_ENDPOINTS}token", provide_automatic_options=False)
@answers.answering
def token() -> Response:
    """Gives a token for a code (section 5.3.3), or ends one: `action=revoke`, as apps did before section 7."""
    try:
        body = read_body(FORM)
        if forms.is_revocation(body):
            return _revoked(body)
        app, text = _grants().token(forms.redemption(forms.fields(body)))
    except (BadForm, BadGrant) as error:
        return _failed(error)
    given = {"access_token": text, "token_type": "Bearer", "scope": _scope(app), "me": services().urls.me()}
    return jsonify(given | _with_profile(app.scopes))


@blueprint.get(f"{_ENDPOINTS}token", provide_automatic_options=False)
@answers.answering
def verify() -> Response:
    """Says what the token in the header is: how apps' servers looked before introspection."""
    app = _app()
    return jsonify(me=services().urls.me(), client_id=app.client_id, scope=_scope(app))


@blueprint.post(f"{_ENDPOINTS}revoke", provide_automatic_options=False)
@answers.answering
def revoke() -> Response:
    """Ends a token; whether there was one, or could be read, is not told (section 7, RFC 7009)."""
    try:
        return _revoked(read_body())
    except BodyRefused:
        return _revoked(b"")


@blueprint.post(f"{_ENDPOINTS}introspect", provide_automatic_options=False)
@answers.answering
def introspect() -> Response:
    """Says what a token is (section 6), to whoever has a good one."""
    _app()
    try:
        asked = forms.fields(read_body(FORM)).get("token", "")
    except BadForm as error:
        return _failed(error)
    with services().database.read() as connection:
        found = app_tokens.find(connection, asked)
    return jsonify({"active": False} if found is None else _described(found))


@blueprint.get(f"{_ENDPOINTS}userinfo", provide_automatic_options=False)
@answers.answering
def userinfo() -> Response:
    """Says who the author is, for a token (section 9)."""
    app = _app()
    require_scope(app, _PROFILE)
    return jsonify(_author())


@blueprint.route(_METADATA, methods=["OPTIONS"])
@blueprint.route(f"{_ENDPOINTS}<endpoint>", methods=["OPTIONS"])
def preflight(endpoint: str = "") -> Response:  # noqa: ARG001 - the router's
    return answers.preflight(_ALLOW)


@blueprint.after_request
def _for_everybody(response: Response) -> Response:
    answers.for_everybody(response)
    return response


def _grants() -> Grants:
    parts = services()
    return Grants(parts.database, parts.apps, parts.clock)


def _app() -> AppToken:
    apps = services().apps
    return bearer.require(bearer.of_header(request.environ, apps), None, request.remote_addr or "", apps)


def _revoked(body: bytes) -> Response:
    """Ends the tokens in a body. Apps that send some in parts of a form are heard too."""
    found = forms.tokens(body)
    with suppress(RequestEntityTooLarge):
        found = found or request.form.getlist("token")
    for one in found:
        services().apps.end_token(one)
    return jsonify({})


def _failed(error: BadForm | BadGrant) -> Response:
    code = error.code if isinstance(error, BadForm) else "invalid_grant"
    response = jsonify(error=code, error_description=str(error))
    response.status_code = 400
    return response


def _described(app: AppToken) -> dict[str, Any]:
    """What RFC 7662 section 2.2 and IndieAuth section 6.2 want to be told of a token."""
    described = {
        "active": True,
        "me": services().urls.me(),
        "scope": _scope(app),
        "client_id": app.client_id,
        "iat": int(app.created_at.timestamp()),
    }
    return {name: value for name, value in described.items() if value is not None}


def _scope(app: AppToken) -> str:
    return " ".join(sorted(app.scopes))


def _with_profile(scopes: Collection[str]) -> dict[str, Any]:
    return {"profile": _author()} if _PROFILE in scopes else {}


def _author() -> dict[str, str]:
    return {"name": services().settings.site.author, "url": services().urls.me()}
