"""What every command needs: settings, database, and a clear message when either cannot be used.

Exit codes: 0 success, 1 refused, 2 invalid usage or settings, 3 database unusable, 4 account already exists.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

# What takes long to import is imported where it is used, so that --help and refusals come at once.
if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.container import Services
    from app.core.config import Settings
    from app.db.session import Database

REFUSED, UNUSABLE_SETTINGS, UNUSABLE_DATABASE, EXISTS = 1, 2, 3, 4
T = TypeVar("T")
M = TypeVar("M", bound="BaseModel")


def refuse(sentence: str, *, code: int = REFUSED) -> NoReturn:
    """Print the reason on standard error and exit with this code."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def load_settings(environment_file: Path = Path(".env")) -> "Settings":
    """The settings from the environment and `.env`; exits naming those that are invalid."""
    from pydantic import ValidationError

    from app.core.config import Settings
    from app.core.setting_errors import sentences

    try:
        return Settings(_env_file=environment_file)
    except ValidationError as error:
        refuse("\n".join(sentences(error, Settings.model_fields)), code=UNUSABLE_SETTINGS)
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{environment_file} cannot be read: {error}.", code=UNUSABLE_SETTINGS)


def validated(model: type[M], **values: object) -> M:
    """Input validated as in the API; exits saying what is wrong with it."""
    from pydantic import ValidationError

    try:
        return model(**values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        refuse("\n".join(problem_sentence(problem["loc"], problem["msg"]) for problem in problems))


def problem_sentence(place: tuple[int | str, ...], message: str) -> str:
    """What is wrong, and where; nowhere if it is the whole."""
    where = f"{', '.join(map(str, place))}: " if place else ""
    return f"{where}{message.removeprefix('Value error, ').rstrip('.')}."


def run(database_url: str, work: Callable[[], Coroutine[Any, Any, T]], *failures: type[Exception]) -> T:
    """Run asynchronous work on the database; exits with a message if the database cannot be used.

    `failures` are the errors that mean this, besides those of the drivers and of SQLAlchemy.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from app.db.errors import CONNECTION_ERRORS

    try:
        return asyncio.run(work())
    except CONNECTION_ERRORS + (SQLAlchemyError,) + failures as error:  # noqa: RUF005 - mypy follows no unpacking
        refuse(_database_problem(database_url, error), code=UNUSABLE_DATABASE)


def _database_problem(database_url: str, error: Exception) -> str:
    from app.core.database_urls import password_of, without_secrets

    cause = "no response in time" if isinstance(error, TimeoutError) else getattr(error, "orig", None) or error
    reason = str(cause).partition("\n")[0].rstrip(".") or type(cause).__name__
    if "no such table" in reason or "UndefinedTable" in reason:
        reason = "it has no tables yet. Start the server once, or run `commands.migrate`"
    # A driver may repeat it.
    if password := password_of(database_url):
        reason = reason.replace(password, "***")
    return f"The database {without_secrets(database_url)} cannot be used: {reason}."


@asynccontextmanager
async def opened_database(settings: "Settings") -> "AsyncIterator[Database]":
    """The configured database, closed afterwards."""
    from app.db.session import open_database

    database = open_database(settings.direct_url)
    try:
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def services_of(settings: "Settings", database: "Database") -> "AsyncIterator[Services]":
    """The services in a transaction that is committed at the end and rolled back on an error."""
    from app.container import Services
    from app.core.client import COMMAND_LINE
    from app.process import process_context
    from app.unit_of_work import unit_of_work

    process = process_context(settings)
    try:
        async with unit_of_work(database.writing, process, COMMAND_LINE) as unit:
            yield Services(unit)
    finally:
        await process.limiter.aclose()


def carry_out(settings: "Settings", work: "Callable[[Services], Awaitable[T]]") -> T:
    """Do one thing to the blog, in a transaction; exits with a message if it cannot be done."""
    from app.accounts.errors import EmailTaken, UsernameTaken
    from app.core.errors import AppError

    async def attempt() -> T:
        async with opened_database(settings) as database:
            try:
                async with services_of(settings, database) as services:
                    return await work(services)
            except (EmailTaken, UsernameTaken) as error:
                refuse(error.detail, code=EXISTS)
            except AppError as error:
                refuse(error.detail)

    return run(settings.direct_url, attempt)
