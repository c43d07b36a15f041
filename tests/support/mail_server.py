"""A mail server of the operator's own: a real one on loopback, which notes what it takes."""

import ssl
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """Takes mails on 127.0.0.1 at `port`. `answer` says what it says of each, `answer_to` of the address that one is
    for; `signed_in` are users who did.

    It can be stopped, and started again at the same port.
    """

    def __init__(
        self, password: str | None = None, tls: ssl.SSLContext | None = None, *, is_smtps: bool = False
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.signed_in: list[str] = []
        self.greeted: list[str] = []
        self.answer: Callable[[Envelope], str] = lambda _: "250 taken"
        self.answer_to: Callable[[str], str] = lambda _: "250 known"
        self.close_after_taking = False  # once: the answer to the mail is lost
        self._password, self._tls, self._is_smtps = password, tls, is_smtps
        self._controller: Controller | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        server = self

        class Listening(Controller):
            def factory(self) -> SMTP:
                named: dict[str, Any] = {"hostname": "mail.test"}
                if server._tls and not server._is_smtps:
                    named |= {"tls_context": server._tls}
                if server._password:
                    named |= {"authenticator": server._authenticate, "auth_require_tls": bool(named.get("tls_context"))}
                return SMTP(self.handler, **named)

        context = self._tls if self._is_smtps else None
        self._controller = Listening(self, hostname="127.0.0.1", port=self.port or _free_port(), ssl_context=context)
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
        self._controller = None

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        is_right = data.password.decode() == self._password
        if is_right:
            self.signed_in.append(data.login.decode())
        return AuthResult(success=is_right, handled=False)

    async def handle_EHLO(  # noqa: N802 - as the library calls it
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        self.greeted.append(name)
        return answers

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answer(envelope)
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.envelopes.append(envelope)
            self.mails.append(message_from_bytes(envelope.content, policy=POLICY))
        if self.close_after_taking:
            self.close_after_taking = False
            assert server.transport is not None
            server.transport.close()
        return answer


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def text_of(mail: EmailMessage) -> str:
    """The text of a mail, with plain line ends."""
    return str(mail.get_content()).replace("\r\n", "\n")
