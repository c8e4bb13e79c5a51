"""Turning violated constraints into the errors that domains have for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from app.core.errors import AppError

_SQLITE_PREFIX = "UNIQUE constraint failed: "


def violated_constraint(error: IntegrityError) -> str:
    """The name of the violated constraint, or an empty text if the database does not say.

    SQLite names the columns instead of the constraint; the naming convention maps one to the other.
    """
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if name:
        return str(name)
    message = str(error.orig)
    if not message.startswith(_SQLITE_PREFIX):
        return ""
    columns = [column.split(".") for column in message.removeprefix(_SQLITE_PREFIX).split(", ")]
    return "_".join(["uq", columns[0][0], *(column for _, column in columns)])


@contextmanager
def translating(errors: Mapping[str, AppError]) -> Iterator[None]:
    """Raise the error listed for the constraint that the statements inside violate."""
    try:
        yield
    except IntegrityError as error:
        if known := errors.get(violated_constraint(error)):
            raise known from error
        raise
