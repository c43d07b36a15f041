"""Looks at how the owner is told: signs in at the mail server, and asks where the webhook's name leads."""

from collections.abc import Iterator

from feedserver.doctor.model import Finding
from feedserver.errors import FetchError, MailFailed
from feedserver.notices import smtp
from feedserver.notices.contents import own_name
from feedserver.notices.standing import Standing, half_set, standings
from feedserver.services import Services


def looks(services: Services) -> Iterator[Finding]:
    """Mail and webhook, as far as they are set."""
    with services.database.read() as connection:
        mail, webhook = standings(connection, services.settings)
    yield _mail(services, mail)
    yield _webhook(services, webhook)


def _mail(services: Services, standing: Standing) -> Finding:
    settings = services.settings.mail
    if (missing := half_set(settings)) is not None:
        return Finding("mail", f"none is sent, as {missing} is not set", f"set {missing}")
    if not standing.is_set:
        return Finding("mail", "none is sent; mail.url and mail.to turn it on")
    try:
        smtp.sign_in(settings, own_name(services.urls))
    except MailFailed as error:
        return Finding("mail", str(error), "look at mail.url and at that server; `feedserver notice test` sends a mail")
    if standing.ended_at is not None:
        return Finding("mail", "it was stopped, by the link at its end or at the desk; /desk/site turns it on again")
    return Finding("mail", f"the server takes it; {standing.waiting} notices wait")


def _webhook(services: Services, standing: Standing) -> Finding:
    settings = services.settings.notices
    if not standing.is_set:
        return Finding("webhook", "none")
    if standing.ended_at is not None:
        return Finding("webhook", "it has answered 410, and gets nothing", "set another notices.webhook, or none")
    try:
        services.require_allowed(settings.webhook, "the webhook")
    except FetchError as error:
        advice = "correct notices.webhook, or let egress.allow and egress.ports name its network and port"
        return Finding("webhook", str(error), advice)
    if standing.last_error:
        return Finding("webhook", standing.last_error, "look at what is there; `feedserver notice test` asks it again")
    signed = "signed" if settings.secret else "not signed, as notices.secret is empty"
    return Finding("webhook", f"it may be contacted; what it gets is {signed}")
