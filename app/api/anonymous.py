"""Who is anonymous."""

from starlette.types import Scope


def is_anonymous(scope: Scope) -> bool:
    """Whether a request carries nothing that says who makes it: everybody gets the same response to it."""
    return not any(name == b"authorization" for name, _ in scope["headers"])
