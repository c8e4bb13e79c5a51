"""Manages accounts: `uv run python -m commands.users …`."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from app.core.roles import Role
from commands.output import print_json, print_table, printable
from commands.runtime import carry_out, load_settings, refuse, validated
from commands.terminal import start

if TYPE_CHECKING:
    from app.accounts.models import User
    from app.accounts.schemas.users import UserOut
    from app.container import Services

_HELP = """Manage accounts.

LOGIN is an email address, a username, or an ID such as '#7'.

Exit codes: 0 success, 1 refused, 2 invalid usage or settings, 3 database unusable, 4 account already exists.
"""
_PAGE = 100

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Email address, username or '#id'.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
Mail = Annotated[bool, typer.Option("--mail", help="Email the link to the account's address instead of printing it.")]


@cli.command("list")
def list_accounts(
    role: Annotated[Role | None, typer.Option(help="Only accounts with this role.")] = None,
    search: Annotated[
        str | None, typer.Option(help="Only accounts with this text in their email address or names.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of accounts.")] = 50,
    *,
    inactive: Annotated[bool, typer.Option("--inactive", help="Only deactivated accounts.")] = False,
    as_json: Json = False,
) -> None:
    """List accounts, newest first."""
    settings = load_settings()
    accounts = carry_out(settings, lambda services: _accounts(services, role, search, limit, inactive=inactive))
    if as_json:
        print_json(accounts)
        return
    columns = ("ID", "Username", "Email", "Role", "Active", "Confirmed", "2nd factor")
    print_table(columns, [_row(account) for account in accounts])


async def _accounts(
    services: "Services", role: Role | None, search: str | None, limit: int, *, inactive: bool
) -> "list[UserOut]":
    from app.accounts.schemas.users import UserListQuery, UserOut

    wanted = {"role": role, "q": search, "is_active": False if inactive else None}
    found: list[UserOut] = []
    while len(found) < limit:
        query = validated(UserListQuery, **wanted, limit=min(_PAGE, limit - len(found)), skip=len(found))
        page = await services.accounts.admin_users.list(query)
        found += map(UserOut.model_validate, page.items)
        if len(page.items) < query.limit:
            break
    return found


def _row(account: "UserOut") -> list[object]:
    flags = (account.is_active, account.is_verified, account.has_second_factor)
    address = account.email or f"({account.pending_email or 'none'})"
    return [account.id, account.username, address, account.role, *("yes" if flag else "no" for flag in flags)]


@cli.command()
def show(login: Login, *, as_json: Json = False) -> None:
    """Show one account."""
    from app.accounts.schemas.users import UserOut

    account = UserOut.model_validate(_change(login, _as_it_is))
    if as_json:
        print_json([account])
        return
    for name, value in account.model_dump(mode="json").items():
        typer.echo(f"{name + ':':<20}{printable(value)}".rstrip())


async def _as_it_is(_services: "Services", user: "User") -> "User":
    return user


@cli.command()
def create(
    email: Annotated[str, typer.Option(help="Email address.", show_default=False)],
    username: Annotated[str, typer.Option(help="Username.", show_default=False)],
    role: Annotated[Role, typer.Option(help="The account's role.")] = Role.READER,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
    mail: Mail = False,
) -> None:
    """Create an account.

    Without a password, a link to choose one is printed (or emailed). Pass it on within two hours.
    """
    from app.accounts.schemas.users import EmailInput, ProfileUpdate, RegisterInput

    settings = load_settings()
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        data = validated(RegisterInput, email=email, username=username, password=password)
        carry_out(settings, lambda services: services.accounts.provisioning.create_verified(data, role))
        typer.echo(f"Created the {role} {data.username} ({data.email}).")
        return
    address = validated(EmailInput, email=email).email
    name = validated(ProfileUpdate, username=username).username

    async def open_account(services: "Services") -> "tuple[User, str]":
        user = await services.accounts.provisioning.create_unclaimed(name, name, address, role)
        return user, _hand_out_link(services, user, mail=mail)

    user, link = carry_out(settings, open_account)
    typer.echo(f"Created the {role} {user.username} ({user.email}).")
    typer.echo(link)


def _hand_out_link(services: "Services", user: "User", *, mail: bool) -> str:
    """The message for the operator."""
    if mail:
        services.accounts.recovery.mail_reset_link(user, user.contact_email)
        return f"The link to choose a password will be emailed to {user.contact_email} once the server is running."
    return f"Link to choose a password, valid for two hours:\n{services.accounts.admin_users.reset_link(user)}"


def _change(login: str, work: "Callable[[Services, User], Awaitable[User]]") -> "User":
    """Find the account and change it."""

    async def find_and_work(services: "Services") -> "User":
        return await work(services, await services.accounts.admin_users.find(login))

    return carry_out(load_settings(), find_and_work)


def _set(login: str, **values: object) -> "User":
    """Change fields of the account, as an admin does."""
    from app.accounts.schemas.users import UserUpdate

    data = validated(UserUpdate, **values)
    return _change(login, lambda services, user: services.accounts.admin_users.update(user.id, data))


@cli.command()
def set_role(
    login: Login, role: Annotated[Role, typer.Argument(help="The account's new role.", show_default=False)]
) -> None:
    """Change the role of an account. If the role changes, its owner has to log in again."""
    typer.echo(f"{_set(login, role=role).username} now has the role {role}.")


@cli.command()
def deactivate(login: Login) -> None:
    """Log an account out everywhere and disable logging in to it."""
    typer.echo(f"{_set(login, is_active=False).username} is deactivated.")


@cli.command()
def reactivate(login: Login) -> None:
    """Enable logging in to a deactivated account again."""
    typer.echo(f"{_set(login, is_active=True).username} is active.")


@cli.command()
def revoke_sessions(login: Login) -> None:
    """Log an account out everywhere. Its personal access tokens remain valid."""
    user = _change(login, lambda services, user: services.accounts.admin_users.end_sessions(user.id))
    typer.echo(f"{user.username} has been logged out everywhere.")


@cli.command()
def remove_second_factor(login: Login) -> None:
    """Remove all second factors of an account whose owner has lost them. The owner is notified by email."""
    user = _change(login, _without_second_factors)
    typer.echo(f"{user.username} can now log in without a second factor.")


async def _without_second_factors(services: "Services", user: "User") -> "User":
    if not user.has_second_factor:
        refuse(f"{user.username} has no second factor.")
    await services.accounts.second_factors.remove_all(user)
    return user


@cli.command()
def reset_password(login: Login, *, mail: Mail = False) -> None:
    """Print or email a link to choose a new password. The current password works until then."""
    typer.echo(_link_for(login, mail=mail))


@cli.command()
def claim(
    login: Login,
    email: Annotated[str, typer.Option(help="The owner's email address.", show_default=False)],
    *,
    mail: Mail = False,
) -> None:
    """Hand an account without a password, such as an imported author's, over to its owner.

    The account gets the email address, which is confirmed by following the printed or emailed link.
    """
    typer.echo(_link_for(login, mail=mail, claimed_with=email))


def _link_for(login: str, *, mail: bool, claimed_with: str | None = None) -> str:
    from app.accounts.schemas.users import UserUpdate
    from app.core.password_hasher import UNUSABLE

    data = None if claimed_with is None else validated(UserUpdate, email=claimed_with)

    async def hand_out(services: "Services") -> str:
        user = await services.accounts.admin_users.find(login)
        if not user.is_active:
            refuse(f"{user.username} is deactivated. Reactivate it first.")
        if data is not None:
            if user.hashed_password != UNUSABLE or user.is_verified:
                refuse(f"{user.username} already has an owner. Use reset-password instead.")
            user = await services.accounts.admin_users.update(user.id, data)
        if mail and not user.contact_email:
            refuse(f"{user.username} has no email address.")
        return _hand_out_link(services, user, mail=mail)

    return carry_out(load_settings(), hand_out)


@cli.command()
def delete(
    login: Login,
    successor: Annotated[
        str | None,
        typer.Option(
            "--hand-over-to", metavar="USERNAME", help="Hand the articles over to this account.", show_default=False
        ),
    ] = None,
    *,
    remove_articles: Annotated[
        bool, typer.Option("--remove-articles", help="Also delete the articles and their comments.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Delete an account and its personal data, immediately and permanently.

    Its articles stay, under an anonymous author, unless they are handed over or removed.
    """
    if successor is not None and remove_articles:
        raise typer.BadParameter("articles can be handed over or removed, not both", param_hint="--hand-over-to")
    if not yes:
        typer.confirm(f"Permanently delete the account {printable(login)}?", abort=True)
    user = _change(login, lambda services, user: _deleted(services, user, successor, remove_articles=remove_articles))
    typer.echo(f"Account #{user.id} has been deleted.")


async def _deleted(services: "Services", user: "User", successor: str | None, *, remove_articles: bool) -> "User":
    successor = None if successor is None else successor.lower()
    await services.accounts.admin_users.delete(user.id, successor=successor, remove_articles=remove_articles)
    return user


if __name__ == "__main__":
    start(cli)
