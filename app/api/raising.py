"""What dependencies raise, declared beside them, for the documentation of every route that uses them."""

from collections.abc import Callable
from typing import Any, TypeVar

from app.core.errors import AppError

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "errors_raised"


def raising(*errors: type[AppError]) -> Callable[[F], F]:
    """Declare the errors that a dependency raises itself; those of its own dependencies are theirs."""

    def declare(dependency: F) -> F:
        setattr(dependency, _ATTRIBUTE, errors)
        return dependency

    return declare


def errors_raised_by(dependency: object) -> tuple[type[AppError], ...]:
    """The errors that it declares."""
    errors: tuple[type[AppError], ...] = getattr(dependency, _ATTRIBUTE, ())
    return errors
