"""Creates an admin account: `uv run python -m commands.create_superuser`."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from commands.runtime import EXISTS, carry_out, load_settings, opened_database, refuse, run, services_of, validated
from commands.terminal import start

if TYPE_CHECKING:
    from app.accounts.models import User
    from app.accounts.schemas.users import RegisterInput
    from app.core.config import Settings

_PASSWORD_VARIABLE = "SUPERUSER_PASSWORD"

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def create_superuser(
    email: Annotated[str | None, typer.Option(help="Email address. Prompted for if omitted.")] = None,
    username: Annotated[str | None, typer.Option(help="Username. Prompted for if omitted.")] = None,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make an existing account (--email or --username) an admin instead.")
    ] = False,
) -> None:
    """Create an admin account.

    The password is prompted for twice, without echo, unless SUPERUSER_PASSWORD or --password-stdin provides it.

    Exit codes: 0 success, 1 refused (invalid email address, weak password, account not found), 2 invalid usage or
    settings, 3 database unusable, 4 account already exists.
    """
    settings = load_settings()
    if promote:
        login = email or username or typer.prompt("Email address or username")
        user = carry_out(settings, lambda services: services.accounts.provisioning.promote(login))
        typer.echo(f"{user.username} ({user.email}) is now an admin.")
        return
    email = email or typer.prompt("Email address")
    username = username or typer.prompt("Username")
    data = _validated(email, username, _password(from_stdin=password_stdin))
    user = run(settings.database_url, lambda: _create(settings, data))
    typer.echo(f"Created the admin {user.username} ({user.email}).")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given = os.environ.get(_PASSWORD_VARIABLE)
    return given or str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _validated(email: str, username: str, password: str) -> "RegisterInput":
    from app.accounts.schemas.users import RegisterInput

    return validated(RegisterInput, email=email, username=username, password=password)


async def _create(settings: "Settings", data: "RegisterInput") -> "User":
    from app.accounts.errors import EmailTaken, UsernameTaken
    from app.core.errors import AppError
    from app.core.roles import Role

    async with opened_database(settings) as database:
        try:
            async with services_of(settings, database) as services:
                return await services.accounts.provisioning.create_verified(data, Role.ADMIN)
        except (EmailTaken, UsernameTaken) as error:
            refuse(f"{error.detail} Use --promote to make that account an admin.", code=EXISTS)
        except AppError as error:
            refuse(error.detail)


if __name__ == "__main__":
    start(cli)
