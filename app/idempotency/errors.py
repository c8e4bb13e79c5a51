"""What can go wrong with idempotency keys."""

from app.core.errors import Invalid


class InvalidIdempotencyKey(Invalid):
    code = "invalid_idempotency_key"
    message = "An Idempotency-Key has 1 to 255 characters of printable ASCII, and is sent once."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was sent with another request. Make a new key for every new request."


class IdempotencyKeyNotSupported(Invalid):
    code = "idempotency_key_not_supported"
    message = "An Idempotency-Key is not supported here. Send the request without one."
