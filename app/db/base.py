"""What all tables share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core import clock


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored and returned in UTC. SQLite would drop the offset without converting."""

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def ordered_text(length: int) -> String:
    """A text that sorts by code point on every database, whatever the server's locale."""
    return String(length, collation="C").with_variant(String(length), "sqlite")


class LowercaseString(TypeDecorator[str]):
    """A text that is stored in lower case, in every script; the databases' own `lower()` is not enough.

    It sorts by code point.
    """

    impl = String
    cache_ok = True
    python_type = str

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(length)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ordered_text(self.length).dialect_impl(dialect)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.lower() if value is not None else None


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """The values of an enumeration as a text that a constraint of this name checks."""
    values = [member.value for member in kind]
    return Enum(kind, native_enum=False, create_constraint=True, name=name, values_callable=lambda _: values)


# SQLite counts ids upwards for INTEGER only.
BigId = BigInteger().with_variant(Integer(), "sqlite")
PrimaryKey = Annotated[int, mapped_column(BigId, primary_key=True)]


# A number of public articles. The database counts them (`app/content/models/counters.py`); what an entity would hold
# of it might be out of date, and is not to be had.
ArticleCount = Annotated[int, mapped_column(server_default=text("0"), deferred=True, deferred_raiseload=True)]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}
    # SQLite would otherwise give the id of a deleted row to the next one, and with it whatever still names that id.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012 - models extend it with their own


def _when_created(context: Any) -> datetime:
    created_at: datetime = context.get_current_parameters()["created_at"]
    return created_at


class Timestamps:
    """When a row was created and when someone last changed it; the two are equal until then."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=_when_created, onupdate=clock.now)
