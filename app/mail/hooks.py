"""How mails leave."""

from app.mail.outbox import MAIL, SLOTS, mail_server_breaker, send
from app.queue.kinds import register_delivery

register_delivery(MAIL, send, slots=SLOTS, breaker=mail_server_breaker)
