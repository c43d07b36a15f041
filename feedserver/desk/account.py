"""The page of the own account: password, second factor, sessions, tokens of apps."""

from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.accounts import passwords, totp
from feedserver.accounts.model import MEANINGS, SCOPES, AppToken
from feedserver.desk import carrying, frame
from feedserver.desk.sign_in import STATUS, said, visitor, with_wait
from feedserver.errors import AccountError, AccountNotFound
from feedserver.services import services


@frame.blueprint.errorhandler(AccountNotFound)
def account_gone(_: AccountNotFound) -> BaseResponse:
    """The account was removed while a request of its session was looked at: such a request ends as a later one does."""
    return frame.led_to("/sign-in")


@frame.blueprint.get("/account")
def account() -> Response:
    return _page()


@frame.blueprint.post("/account/password")
def change_password() -> Response | BaseResponse:
    """Sets a new password; all other sessions end."""
    form = request.form
    try:
        services().own_account.change_password(
            frame.signed_in(), form.get("password", ""), form.get("new_password", ""), visitor().address
        )
    except AccountError as error:
        return _refused(error, "password")
    return frame.led_to("/account", done="password")


@frame.blueprint.post("/account/second-factor")
def turn_second_factor_on() -> Response:
    """Shows the recovery codes, this once."""
    key = request.form.get("key", "")
    try:
        codes = services().own_account.turn_second_factor_on(frame.signed_in(), key, request.form.get("code", ""))
    except AccountError as error:
        return _refused(error, "second_factor", key=key if totp.is_key(key) else None)
    return frame.render_desk("desk/recovery_codes.html", codes=[totp.grouped(code) for code in codes])


@frame.blueprint.post("/account/second-factor/off")
def turn_second_factor_off() -> Response | BaseResponse:
    """Asks for the password."""
    try:
        services().own_account.turn_second_factor_off(
            frame.signed_in(), request.form.get("password", ""), visitor().address
        )
    except AccountError as error:
        return _refused(error, "second_factor")
    return frame.led_to("/account", done="second-factor-off")


@frame.blueprint.post("/account/sessions")
def end_session() -> BaseResponse:
    """Ends one session, or (`others`) all but this one."""
    own, which = services().own_account, request.form.get("session", "")
    if which == "others":
        own.end_others(frame.signed_in())
        return frame.led_to("/account", done="sessions-ended")
    if which.isascii() and which.isdecimal() and len(which) <= 18:
        own.end(frame.signed_in(), int(which))
    return frame.led_to("/account", done="session-ended")


@frame.blueprint.post("/account/apps")
def add_app() -> Response:
    """Shows the token, this once."""
    name, scopes = request.form.get("app", ""), set(request.form.getlist("scope")) & set(SCOPES)
    try:
        made, token = services().apps.add(name, frame.signed_in().account, scopes)
    except AccountError as error:
        return _refused(error, "apps", app=name, chosen=scopes)
    return frame.render_desk("desk/app_token.html", app=made, token=token)


@carrying.refills("desk.add_app")
def add_app_filled(fields: carrying.Fields) -> Response:
    return _page(app=fields.get("app", ""), chosen=set(fields.getlist("scope")))


@frame.blueprint.post("/account/apps/end")
def end_app() -> BaseResponse:
    """Ends a token of this account."""
    sent = request.form.get("id", "")
    for app in _apps():
        if str(app.id) == sent:
            services().apps.end(app.id)
    return frame.led_to("/account", done="app-ended")


def _refused(error: AccountError, form: str, **values: Any) -> Response:
    """The page again, with what is wrong above one of its forms."""
    return with_wait(_page(STATUS[type(error)], **{"problem": said(error), "problem_of": form} | values), error)


def _page(status: int = 200, *, key: str | None = None, **values: Any) -> Response:
    own, session, site = services().own_account, frame.signed_in(), services().settings.site
    account = own.account(session)
    if account.totp_key is None:
        key = key or totp.new_key()
        values |= {"key": key, "grouped": totp.grouped(key), "otpauth": totp.otpauth(key, account.name, site.title)}
    else:
        values |= {"codes_left": own.recovery_codes_left(session)}
    return frame.render_desk(
        "desk/account.html",
        status,
        own=account,
        session=session,
        sessions=own.sessions(session),
        apps=_apps(),
        meanings=MEANINGS,
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        **{"chosen": set(SCOPES)} | values,
    )


def _apps() -> list[AppToken]:
    return [app for app in services().apps.listed() if app.account == frame.signed_in().account]
