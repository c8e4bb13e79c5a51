"""The outbox: mails are decided on in a transaction and sent after it, so none is lost or sent needlessly."""

from app.core.circuit_breaker import CircuitBreaker
from app.mail.mailer import SEND_TIMEOUT_SECONDS, mailer_for
from app.mail.messages import Message
from app.queue.delivery import Delivery
from app.queue.jobs import Jobs
from app.queue.kinds import Kind

MAIL = Kind("mail", Message, describe=lambda message: f"{message.recipient}: {message.subject}")
# How many are sent at once, by each process.
SLOTS = 10
FAILURES = 3
_PAUSE_SECONDS = 5.0
_MAX_PAUSE_SECONDS = 300.0


class Outbox:
    """Takes the mails of a unit of work."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def put(self, message: Message) -> None:
        """Have a mail sent once the transaction has committed."""
        self._jobs.enqueue(MAIL, message)


async def send(delivery: Delivery[Message]) -> None:
    """Send a mail. Should it leave twice, both have the same Message-ID."""
    await delivery.process.share(mailer_for).send(delivery.payload, delivery.key)


def mail_server_breaker() -> CircuitBreaker:
    """For the mail server, as one process knows it."""
    return CircuitBreaker(
        "the mail server",
        failures=FAILURES,
        pause=_PAUSE_SECONDS,
        max_pause=_MAX_PAUSE_SECONDS,
        attempt_timeout=SEND_TIMEOUT_SECONDS,
    )
