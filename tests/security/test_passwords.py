"""Passwords: any that is long and not easily guessed is taken as it is, for as long as its owner likes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import WeakPassword
from app.accounts.limits import LOGIN_FAILURES
from app.accounts.models import User
from app.accounts.passwords import MAX_LENGTH, MIN_LENGTH, check_password
from app.core.password_hasher import UNUSABLE, PasswordHasher
from tests.conftest import CHEAP
from tests.support.logins import log_in, with_password
from tests.support.users import Users


@pytest.mark.parametrize(
    "password",
    ["8305917264", "onlysmallletters", "ONLYLARGELETTERS", "!?%&/()=+*#", "          x y z", "пароль из слов",
     "🦦🦢🦡🐢🦊🐸🐝🦔🐌🐙", "<b>'; DROP TABLE--", "four\tcalm\notters",
     "64 characters are no problem at all, they are even welcome here."],
)  # fmt: skip
async def test_no_composition_is_asked_for_and_none_refused(password: str) -> None:
    assert len(password) >= MIN_LENGTH
    await check_password(password, email="anna@example.com", username="anna")


@pytest.mark.parametrize("length", [0, MIN_LENGTH - 1, MAX_LENGTH + 1])
async def test_only_its_length_is_asked_of_it(length: int) -> None:
    with pytest.raises(WeakPassword, match="characters"):
        await check_password(("four calm otters" * 20)[:length], email="anna@example.com", username="anna")


async def test_a_password_is_compared_as_it_is(users: Users) -> None:
    password = "  Ünder the bridge, " + "x1yz" * 59
    assert len(password) == MAX_LENGTH
    hashed = await users.app.state.process.passwords.hash(password)
    await users.user(username="anna", hashed_password=hashed)
    almost = {
        "without its spaces": password.strip(),
        "in another case": password.swapcase(),
        "without its end": password[:-1],
        "cut where other hashes cut": password[:72],
        "in another normal form": password.replace("Ü", "U\u0308")[:MAX_LENGTH],
        "with another end": password[:-1] + "!",
    }

    limiter = users.app.state.process.limiter
    for what, other in almost.items():
        # Each as the first failure.
        await limiter.clear(LOGIN_FAILURES, "anna")
        assert (await log_in(await users.client(), "anna", other)).status_code == 401, what
    assert (await log_in(await users.client(), "anna", password)).status_code == 200


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def test_a_password_does_not_get_too_old(clock: time_machine.Traveller, users: Users) -> None:
    await with_password(users, username="anna")

    clock.shift(timedelta(days=20 * 365))

    assert (await log_in(await users.client(), "anna")).status_code == 200


async def test_an_unknown_login_takes_as_many_hashes_as_a_known_one(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_password(users, username="known")
    await with_password(users, username="inactive", is_active=False)
    await users.user(username="no-password", hashed_password=UNUSABLE)
    await log_in(await users.client(), "warms-up")
    compared: list[str] = []
    compare = PasswordHasher._compare

    async def counting(hasher: PasswordHasher, password: str, hashed: str) -> tuple[bool, str | None]:
        compared.append(hashed)
        return await compare(hasher, password, hashed)

    monkeypatch.setattr(PasswordHasher, "_compare", counting)
    for login in ("known", "inactive", "no-password", "unknown", "unknown@example.com"):
        compared.clear()
        assert (await log_in(await users.client(), login, "wrong otters")).status_code == 401
        assert len(compared) == 1, login


async def test_nobody_has_an_account_before_somebody_opens_one(session: AsyncSession) -> None:
    """The database as it is after all migrations: neither root nor admin, with whatever password."""
    assert await session.scalar(select(func.count()).select_from(User)) == 0


def properties_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that the API takes or gives, with what is said of it."""
    for model in schema["components"]["schemas"].values():
        for name, field in model.get("properties", {}).items():
            for variant in field.get("anyOf", [field]):
                yield name, {**field, **variant}


async def test_the_schema_tells_frontends_how_to_ask_for_a_password(app: FastAPI) -> None:
    fields = [(n, f) for n, f in properties_of(app.openapi()) if "password" in n and f.get("type") == "string"]

    assert {name for name, _ in fields} == {"password", "current_password", "new_password"}
    for name, field in fields:
        # Masked by the browser and filled in by its password manager; no pattern that keeps characters out but NUL.
        assert field["format"] == "password", name
        assert field["maxLength"] >= 64, name
        assert field.get("pattern") == r"^[^\x00]*$", name


async def test_nobody_is_asked_for_hints_or_secrets_that_others_know(app: FastAPI) -> None:
    names = {name for name, _ in properties_of(app.openapi())}

    assert "password" in names
    assert [name for name in names if any(word in name for word in ("hint", "question", "maiden", "birth"))] == []


async def test_a_sandbox_that_forbids_priorities_keeps_nobody_from_logging_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.setpriority", forbid)
    hasher = PasswordHasher(CHEAP)

    right, _ = await hasher.verify("four calm otters", await hasher.hash("four calm otters"))

    assert right
