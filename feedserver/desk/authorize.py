"""The page that asks the author whether an app may write here (IndieAuth section 5.2); `authoring.indieauth` decides.

What has been checked when the page was shown stands in its form, and is not asked for again: the form has the token of
the session, so nobody else can have filled it in.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from flask import Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.accounts.model import MEANINGS
from feedserver.authoring.indieauth import asking
from feedserver.authoring.indieauth.asking import Refused, Untrusted
from feedserver.authoring.indieauth.clients import Client
from feedserver.authoring.indieauth.granting import Grants
from feedserver.authoring.indieauth.learning import learn
from feedserver.desk import carrying, frame
from feedserver.desk.carrying import Fields
from feedserver.services import services

_MEANINGS: Final[Mapping[str, str]] = {**MEANINGS, "profile": "see your name"}


@frame.blueprint.get("/authorize")
def authorize() -> Response | BaseResponse:
    """Shows what an app asks in the query, or leads back to the app, which is told what is wrong with that."""
    return _page(request.args)


@carrying.refills("desk.decide")
def shown_again(fields: Fields) -> Response | BaseResponse:
    """Shows it to somebody whose session had ended before the decision was sent; all is checked anew."""
    return _page(_of_form(fields))


@frame.blueprint.post("/authorize/decision")
def decide() -> Response | BaseResponse:
    """Leads back to the app: with a code for the scopes that are ticked, or with a refusal."""
    try:
        asked = asking.read(_of_form(request.form))
    except (Refused, KeyError):  # nothing that a page of ours sends
        abort(400)
    if "refuse" in request.form:
        return _led_back(asked.redirect_uri, error="access_denied", state=asked.state)
    parts = services()
    code = Grants(parts.database, parts.apps, parts.clock).grant(asked, frame.signed_in().account)
    return _led_back(asked.redirect_uri, code=code, state=asked.state)


def _page(query: Mapping[str, str]) -> Response | BaseResponse:
    try:
        client = _trusted(query)
    except Untrusted as error:
        return frame.render_desk("desk/authorize_refused.html", 400, problem=str(error), query=query)
    try:
        asked = asking.read(query)
    except Refused as refusal:
        said = {"error": refusal.failure, "error_description": str(refusal)}
        return _led_back(query["redirect_uri"], **said, state=query.get("state", ""))
    frame.let_forms_lead_to(asking.origin(asked.redirect_uri))
    return frame.render_desk(
        "desk/authorize.html",
        asked=asked,
        client=client,
        scopes=[(scope, _MEANINGS.get(scope, "")) for scope in asked.scopes],
        returns_to=urlsplit(asked.redirect_uri).netloc or urlsplit(asked.redirect_uri).scheme,
    )


def _trusted(query: Mapping[str, str]) -> Client:
    """The app that asks, which may be led back to. Raises Untrusted."""
    client_id, parts = query.get("client_id", ""), services()
    asking.check_client_id(client_id)
    client = learn(parts.exchange, client_id, parts.urls)
    asking.check_redirect(query.get("redirect_uri", ""), client)
    return client


def _of_form(form: Fields) -> Mapping[str, str]:
    """The query whose page had this form."""
    return {**form.to_dict(), "response_type": "code", "scope": " ".join(form.getlist("scope"))}


def _led_back(redirect_uri: str, **said: str) -> BaseResponse:
    return redirect(asking.answer(redirect_uri, **said, iss=services().urls.me()), 303)
