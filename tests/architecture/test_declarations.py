"""Every table has to say whose its rows are, and who sees them: what nobody has thought of is refused."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, FromClause, Integer, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import app.container  # noqa: F401 - loads all hooks
from app.accounts import personal_data
from app.accounts.exports.parts import Field, NotExported
from app.accounts.models import User
from app.accounts.personal_data import (
    Authored,
    Declaration,
    Impersonal,
    ImpersonalJobs,
    Mentioned,
    Owned,
    Part,
    declarations,
    exported_parts,
)
from app.db.base import Base
from app.db.changes.tracking import is_declared
from app.mail.messages import Message
from app.queue.kinds import Kind, Nothing, registrations

OF_ACCOUNTS = User.__table__
# What the database does with a row when the account that it names is really deleted.
ON_DELETE = {Owned: "CASCADE", Authored: "RESTRICT", Mentioned: "SET NULL"}


def problems(tables: Iterable[Table], declared: Sequence[Declaration]) -> list[str]:
    """What is wrong with the declarations of these tables, each with what is to be done."""
    return [sentence for table in tables for sentence in (*visibility(table), *ownership(table, declared))]


def visibility(table: Table) -> Iterable[str]:
    if not is_declared(table):
        yield (
            f"No domain says whether public responses show rows of {table.name}: call register_public or "
            "register_private in the hooks.py of its domain."
        )


def ownership(table: Table, declared: Sequence[Declaration]) -> Iterable[str]:
    columns = {column: declaration for declaration in declared for column in columns_of(declaration)}
    declared_tables = {column.table for column in columns} | {
        declaration.table for declaration in declared if isinstance(declaration, Part | Impersonal)
    }
    if table not in declared_tables:
        yield (
            f"No domain says what {table.name} is to an account: call register_owned, register_authored, "
            "register_mentioned, register_part or register_impersonal in the hooks.py of its domain."
        )
    for key in table.foreign_keys:
        if key.column.table is not OF_ACCOUNTS:
            continue
        declaration = columns.get(key.parent)
        if declaration is None:
            yield (
                f"{table.name}.{key.parent.name} names an account and no domain says what for: call register_owned, "
                "register_authored or register_mentioned for it in the hooks.py of its domain."
            )
        elif key.ondelete != ON_DELETE[type(declaration)]:
            yield (
                f"{table.name}.{key.parent.name} is {type(declaration).__name__.lower()}, so its foreign key has to "
                f"say ON DELETE {ON_DELETE[type(declaration)]}."
            )
    for part in declared:
        if isinstance(part, Part) and part.table is table and not goes_with(table, part.whole):
            yield f"{table.name} is a part, so it needs a foreign key to the whole that says ON DELETE CASCADE."


def columns_of(declaration: Declaration) -> list[Column[object]]:
    if isinstance(declaration, Part | Impersonal | ImpersonalJobs):
        return []
    attribute = declaration.author if isinstance(declaration, Authored) else declaration.account
    return list(attribute.property.columns)


def goes_with(table: Table, whole: FromClause) -> bool:
    return any(key.column.table is whole and key.ondelete == "CASCADE" for key in table.foreign_keys)


def test_every_table_says_whose_its_rows_are_and_who_sees_them() -> None:
    tables = Base.metadata.sorted_tables

    assert len(tables) > 15
    found = problems(tables, declarations())
    assert not found, "\n".join(found)


def undeclared(kinds: Iterable[Kind[Any]], declared: Sequence[Declaration]) -> list[str]:
    """What is wrong with kinds of jobs that carry something."""
    known = {each.job_kind for each in declared if isinstance(each, Owned | ImpersonalJobs)}
    return [
        f"No domain says whose the payloads of jobs of the kind {kind.name} are: call register_owned(Job.payload, "
        "job_kind=…, rows_of=…) or register_impersonal_jobs in the hooks.py of its domain."
        for kind in kinds
        if kind.payload is not Nothing and kind.name not in known
    ]


def test_every_kind_of_jobs_says_whose_its_payloads_are() -> None:
    kinds = [registration.kind for registration in registrations().values()]
    # Tests have kinds of their own.
    ours = [kind for kind in kinds if kind.payload.__module__.startswith("app.")]

    assert {"mail", "mail_request"} <= {kind.name for kind in ours}
    found = undeclared(ours, declarations())
    assert not found, "\n".join(found)


def test_a_kind_of_jobs_that_says_nothing_is_refused() -> None:
    planted = Kind("planted", Message)

    assert [sentence[:70] for sentence in undeclared([planted], declarations())] == [
        "No domain says whose the payloads of jobs of the kind planted are: cal"
    ]
    assert undeclared([planted], [*declarations(), ImpersonalJobs("planted")]) == []


class Planted(DeclarativeBase):
    metadata = MetaData()


class Reaction(Planted):
    __tablename__ = "reactions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.__table__.c.id))


NOTHING = NotExported("Planted.")
OWNED = Owned(Reaction.user_id, lambda user: Reaction.user_id == user.id, None, NOTHING)


def test_a_table_that_says_nothing_is_told_what_to_say() -> None:
    visible, owned, named = problems([Reaction.__table__], declarations())  # type: ignore[list-item]

    assert visible.startswith("No domain says whether public responses show rows of reactions: call register_public")
    assert owned.startswith("No domain says what reactions is to an account: call register_owned")
    assert named.startswith("reactions.user_id names an account and no domain says what for: call register_owned")


def test_a_column_that_names_an_account_says_what_for_even_in_a_declared_table() -> None:
    found = problems([Reaction.__table__], [Impersonal(Reaction.__table__)])  # type: ignore[list-item]

    assert [sentence for sentence in found if "user_id names an account" in sentence]


@pytest.mark.parametrize(
    ("declaration", "sentence"),
    [
        (OWNED, "reactions.user_id is owned, so its foreign key has to say ON DELETE CASCADE."),
        (Authored(Reaction.user_id, None, NOTHING), "is authored, so its foreign key has to say ON DELETE RESTRICT."),
        (Mentioned(Reaction.user_id, "", NOTHING), "is mentioned, so its foreign key has to say ON DELETE SET NULL."),
    ],
)
def test_the_database_agrees_with_what_is_declared(declaration: Declaration, sentence: str) -> None:
    found = problems([Reaction.__table__], [declaration])  # type: ignore[list-item]

    assert [problem for problem in found if problem.endswith(sentence)]


def test_a_part_goes_with_its_whole() -> None:
    table = Table("planted_parts", MetaData(), Column("id", Integer, primary_key=True))

    found = problems([table], [Part(table, OF_ACCOUNTS)])

    assert [problem for problem in found if "is a part, so it needs a foreign key" in problem]


def test_without_any_declaration_nothing_is_deleted_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "_declarations", [])

    with pytest.raises(RuntimeError, match=r"import app\.hooks"):
        list(personal_data.owned())


def test_no_two_parts_of_an_export_have_the_same_name() -> None:
    names = [(isinstance(part, Field), part.name) for part in exported_parts()]

    assert len(names) > 10
    assert len(names) == len(set(names))


# What is in a column by which somebody is let in, or recognised.
LETS_IN = ("digest", "secret", "public_key", "credential", "challenge", "subject")


def test_what_somebody_is_let_in_by_is_declared_as_a_credential() -> None:
    """So that it ends when the owner takes a stolen account back, whatever kinds there will be."""
    owned = [each for each in declarations() if isinstance(each, Owned) and each.job_kind is None]
    letting_in = {
        each.entity.__tablename__: each.credentials
        for each in owned
        for column in each.entity.__table__.columns
        if any(word in column.name for word in LETS_IN)
    }

    assert len(letting_in) >= 7
    forgotten = [table for table, credentials in letting_in.items() if credentials is None]
    assert not forgotten, f"declare in hooks.py which rows of {forgotten} were made since a moment: credentials="
