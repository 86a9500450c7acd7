"""What the stages of a mail's conversation, its answers and its ends mean for the mail."""

import ssl
from enum import IntEnum

from aiosmtplib import SMTPException, SMTPResponseException

from channels.channel import Outcome, Refused, Retry, Sent, Unknown

CLOSING = 421
NEEDS_LOGIN = (530, 534, 535, 538)
"""Answers about our login, not about the mail: RFC 4954, 6."""

MAILBOX_TROUBLE = (450, 452)
"""Answers about the recipient's mailbox even after the content: RFC 5321, 4.2.3."""


class Stage(IntEnum):
    """How far an attempt has come. Until DOT it is sure that the mail was not taken."""

    WAIT = 0
    CONNECT = 1
    GREET = 2
    LOGIN = 3
    MAIL = 4
    RCPT = 5
    DATA = 6
    DOT = 7


def verdict(code: int, stage: Stage, answer: str) -> Outcome:
    """What the server's last answer means for the mail: RFC 5321, 4.2.1."""
    if code in NEEDS_LOGIN:
        return Retry("auth", answer)
    match code // 100:
        case 2 if stage is Stage.DOT:
            return Sent(str(code), answer)
        case 4:
            return Retry(str(code), answer, about_provider=_is_about_server(code, stage))
        case 5:
            is_recipient = stage is Stage.RCPT
            return Refused(
                str(code), answer, undeliverable=is_recipient, about_provider=not is_recipient
            )
        case _:
            return Unknown("garbage", answer) if stage is Stage.DOT else Retry("garbage", answer)


def _is_about_server(code: int, stage: Stage) -> bool:
    """Whether a "not now" would also be said to mails for others."""
    if code == CLOSING:
        return True
    return stage is not Stage.RCPT and (stage < Stage.DATA or code not in MAILBOX_TROUBLE)


def failure(error: Exception, stage: Stage, answer: str) -> Outcome:
    """What it means that the conversation broke off at the stage."""
    match stage:
        case Stage.WAIT:
            return Retry("busy", answer, about_provider=False)
        case Stage.LOGIN if not isinstance(error, OSError):
            return Retry("auth", answer)
        case Stage.DOT:
            is_answer = isinstance(error, SMTPResponseException)
            return Unknown("garbage" if is_answer else "lost", answer)
        case _:
            return Retry(_trouble(error, stage), answer)


def _trouble(error: Exception, stage: Stage) -> str:
    """A code for what kept the mail from being handed over."""
    match error:
        case SMTPResponseException(code=code):
            return str(code) if code > 0 else "garbage"
        case _ if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            return "tls"
        case SMTPException() if not isinstance(error, OSError):
            return "tls"  # STARTTLS is insisted on, and the server has none
        case _ if stage is Stage.CONNECT:
            return "unreachable"
        case TimeoutError():
            return "timeout"
        case _:
            return "lost"
