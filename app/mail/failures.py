"""Why a mail could not be sent, in sentences for the operator who has to set the mail server up."""

import ssl
from collections.abc import Callable, Iterator
from socket import gaierror
from typing import Any

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from app.core.config import Settings
from app.mail.mailer import SEND_TIMEOUT_SECONDS

_FINAL = 500
# What OpenSSL says when the other side talks plain text.
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
Explain = Callable[[Any, str], str]


def explained(error: BaseException, settings: Settings, recipient: str) -> str:
    """What went wrong and, where that is known, what to do about it."""
    server = f"{settings.mail_server}, port {settings.mail_port}"
    for cause in _causes(error):
        for kind, explain in _EXPLANATIONS:
            if isinstance(cause, kind):
                return explain(cause, server)
        if isinstance(cause, SMTPException):
            return _not_supported(cause, server, recipient)
    return f"The email could not be sent: {str(error).rstrip('.')}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The first error first: those that came of it know less."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return reversed(chain)


def _answer(error: SMTPResponseException) -> str:
    return f"{error.code} {' '.join(str(error.message).split())}"


def _refusal(what: str, advice: str = "") -> Explain:
    def explain(error: SMTPResponseException, server: str) -> str:
        if error.code < 0:
            return f"{server} is no mail server: it answered {' '.join(error.message.split())!r}."
        later = "" if error.code >= _FINAL else " That is for the moment: it may accept it later."
        return f"{server} refused {what}: {_answer(error)}.{later}{advice}"

    return explain


def _certificate(error: ssl.SSLCertVerificationError, server: str) -> str:
    return f"The certificate of {server} is not valid: {error.verify_message}. MAIL_SERVER must be the name in it."


def _tls(error: ssl.SSLError, server: str) -> str:
    if error.reason in _NO_TLS:
        return f"{server} does not begin with TLS. Use MAIL_SECURITY=starttls, or the port for TLS, usually 465."
    return f"{server} and this machine agree on no encryption: {error.reason or error}."


def _timeout(_: TimeoutError, server: str) -> str:
    return (
        f"{server} did not answer within {SEND_TIMEOUT_SECONDS} seconds. Is a firewall in between, or is it the port "
        "for TLS (usually 465), which needs MAIL_SECURITY=tls? Many hosts block port 25."
    )


def _not_supported(error: SMTPException, server: str, recipient: str) -> str:
    said = str(error)
    if "AUTH" in said:
        return f"{server} offers no login, perhaps because it wants TLS first. Check MAIL_SECURITY and MAIL_USERNAME."
    if "STARTTLS" in said:
        return f"{server} offers no STARTTLS. Use MAIL_SECURITY=tls, usually with port 465, or none."
    if "UTF8" in said:
        return f"{server} does not support SMTPUTF8, which {recipient} needs; it takes only addresses in ASCII."
    return f"{server} does not do what is needed: {said.rstrip('.')}."


_EXPLANATIONS: tuple[tuple[type[BaseException], Explain], ...] = (
    (SMTPAuthenticationError, _refusal("the login", " Check MAIL_USERNAME and MAIL_PASSWORD.")),
    (SMTPSenderRefused, _refusal("the sender", " Check MAIL_FROM, and whether it wants MAIL_USERNAME.")),
    (SMTPRecipientsRefused, lambda error, server: _refusal("the recipient")(error.recipients[0], server)),
    (SMTPRecipientRefused, _refusal("the recipient")),
    (SMTPDataError, _refusal("the email")),
    (SMTPConnectResponseError, _refusal("the connection")),
    (SMTPHeloError, _refusal("the connection")),
    (SMTPResponseException, _refusal("a command")),
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _tls),
    (gaierror, lambda error, server: f"{server} cannot be found: {error.strerror}. Check MAIL_SERVER."),
    (TimeoutError, _timeout),
    (ConnectionRefusedError, lambda _, server: f"Nothing listens at {server}. Check MAIL_SERVER and MAIL_PORT."),
    (SMTPServerDisconnected, lambda error, server: f"{server} hung up: {error}."),
    (ConnectionError, lambda error, server: f"{server} hung up: {error.strerror or error}."),
    (OSError, lambda error, server: f"{server} cannot be reached: {error.strerror or error}."),
)
