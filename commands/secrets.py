"""Rotates the secrets used to sign tokens: `uv run python -m commands.secrets …`."""

import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from commands.runtime import carry_out, load_settings, refuse
from commands.terminal import start

if TYPE_CHECKING:
    from app.container import Services

_HELP = """Rotate the secrets used to sign tokens.

After `rotate`, new tokens are signed with new secrets. Tokens signed with the old secrets keep working until they
expire or until `drop-old`. Restart the server after each of these commands: it reads its settings when it starts.

Exit codes: 0 success, 1 refused, 2 invalid usage or settings, 3 database unusable.
"""
_BYTES = 48
T = TypeVar("T")
Keys = Mapping[str, Sequence[str]]


class Which(StrEnum):
    """The secrets by purpose; `ACCESS` encrypts the secrets of authenticator apps as well."""

    ACCESS = "access"
    RESET = "reset"
    VERIFICATION = "verification"

    @property
    def setting(self) -> str:
        return {"reset": "reset_password"}.get(self.value, self.value) + "_secret_key"


_ENCRYPTS = Which.ACCESS.setting
cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Only = Annotated[Which | None, typer.Option(help="Only this one of the three secrets.")]
EnvFile = Annotated[Path, typer.Option(help="The file that contains the secrets.")]


@cli.command()
def rotate(
    only: Only = None,
    env_file: EnvFile = Path(".env"),
    keep: Annotated[int, typer.Option(min=0, help="How many old secrets to keep.")] = 1,
) -> None:
    """Add a new secret in front of each, and re-encrypt stored data."""
    names = _changeable(only)
    # What was there before is kept until nothing depends on it: whatever interrupts this, nothing is lost.
    before, count = _locked(env_file, lambda services: _add(services, env_file, names))
    lost = _locked(env_file, lambda services: _forget(services, env_file, _too_many(before, keep)))
    typer.echo(f"{_spelled(names)} changed in {env_file}. Authenticator app secrets re-encrypted: {count}.")
    if lost:
        typer.echo(
            f"{_whose(lost)} cannot be decrypted with any secret. Use `commands.users remove-second-factor`.", err=True
        )
    typer.echo(f"Restart the server now{': until then it rejects the codes of these apps' if count else ''}.")
    if keep:
        typer.echo("Tokens signed with the old secrets keep working until they expire or until `drop-old`.")


@cli.command()
def drop_old(only: Only = None, env_file: EnvFile = Path(".env")) -> None:
    """Drop all secrets but the newest of each. Tokens signed with the dropped ones stop working."""
    names = _changeable(only)
    dropped = _locked(env_file, lambda services: _drop(services, env_file, names))
    if not dropped:
        typer.echo("There are no old secrets.")
        return
    typer.echo(f"Old secrets dropped from {env_file}: {_spelled(dropped)}. Restart the server now.")


@cli.command()
def reencrypt(env_file: EnvFile = Path(".env")) -> None:
    """Re-encrypt with the newest secret what a server that was not restarted in time encrypted with an old one."""
    renewal = _locked(env_file, lambda services: services.accounts.stored_secrets.renew(_read(env_file)[_ENCRYPTS]))
    typer.echo(f"Authenticator app secrets re-encrypted: {renewal.count}.")
    if renewal.lost:
        refuse(
            f"{_whose(renewal.lost)} cannot be decrypted with any secret. Use `commands.users remove-second-factor`."
        )


def _changeable(only: Which | None) -> list[str]:
    """The settings to change; none of them may be overridden by the environment."""
    names = [only.setting] if only else [which.setting for which in Which]
    hidden = {name.lower() for name, value in os.environ.items() if value}.intersection(names)
    if hidden:
        refuse(
            f"{_spelled(sorted(hidden))} is set in the environment, which overrides any file. Change it where it is "
            "set to a new secret, a comma and the current secret, then run `reencrypt`."
        )
    return names


def _locked(env_file: Path, work: "Callable[[Services], Awaitable[T]]") -> T:
    """Do one step while no one else changes secrets."""

    async def lock_and_work(services: "Services") -> T:
        await services.accounts.stored_secrets.lock()
        return await work(services)

    return carry_out(load_settings(env_file), lock_and_work)


def _read(env_file: Path) -> dict[str, list[str]]:
    """The current secrets, by setting."""
    settings = load_settings(env_file)
    names = [which.setting for which in Which]
    return {name: [key.get_secret_value() for key in getattr(settings, name)] for name in names}


def _write(env_file: Path, keys: Keys) -> None:
    from commands.environment_file import NotThere, change_lists

    try:
        change_lists(env_file, keys)
    except NotThere as error:
        refuse(f"{env_file} was not changed: {error}.")
    except OSError as error:
        refuse(f"{env_file} cannot be changed: {error.strerror}.")


async def _add(services: "Services", env_file: Path, names: Iterable[str]) -> tuple[Keys, int]:
    """The previous secrets, and how many stored ones were re-encrypted."""
    from app.accounts.audit_actions import SECRETS_ROTATED

    before = {name: keys for name, keys in _read(env_file).items() if name in set(names)}
    after = {name: [secrets.token_urlsafe(_BYTES), *keys] for name, keys in before.items()}
    _write(env_file, after)
    count = (await services.accounts.stored_secrets.renew(after[_ENCRYPTS])).count if _ENCRYPTS in after else 0
    services.unit.audit.record(SECRETS_ROTATED, settings=sorted(after))
    return before, count


def _too_many(before: Keys, keep: int) -> Keys:
    """The secrets to remove. Those of the example are public."""
    from app.core.config import EXAMPLE_SECRET_PREFIX

    return {
        name: [key for place, key in enumerate(keys) if place >= keep or key.startswith(EXAMPLE_SECRET_PREFIX)]
        for name, keys in before.items()
    }


async def _forget(services: "Services", env_file: Path, unwanted: Keys) -> Sequence[int]:
    """Remove secrets from the file; returns the accounts whose authenticator app secret none of them decrypts."""
    present = _read(env_file)
    lost: Sequence[int] = []
    if _ENCRYPTS in unwanted:
        lost = (await services.accounts.stored_secrets.renew(present[_ENCRYPTS])).lost
    left = {name: [key for key in present[name] if key not in keys] for name, keys in unwanted.items() if keys}
    if left:
        _write(env_file, left)
    return lost


async def _drop(services: "Services", env_file: Path, names: Iterable[str]) -> list[str]:
    """The settings that had old secrets."""
    from app.accounts.audit_actions import SECRETS_OLD_DROPPED

    old = {name: keys for name, keys in _read(env_file).items() if name in set(names) and len(keys) > 1}
    if _ENCRYPTS in old:
        needing_old = await services.accounts.stored_secrets.unreadable(old[_ENCRYPTS][:1])
        if needing_old:
            refuse(
                f"{_whose(needing_old)} cannot be decrypted with the newest {_ENCRYPTS.upper()} alone. "
                "Nothing was changed. Restart the server, then run `reencrypt`."
            )
    if old:
        _write(env_file, {name: keys[:1] for name, keys in old.items()})
        services.unit.audit.record(SECRETS_OLD_DROPPED, settings=sorted(old))
    return sorted(old)


def _spelled(names: Iterable[str]) -> str:
    return ", ".join(name.upper() for name in names)


def _whose(user_ids: Iterable[int]) -> str:
    return f"The authenticator app secrets of accounts {', '.join(f'#{user_id}' for user_id in user_ids)}"


if __name__ == "__main__":
    start(cli)
