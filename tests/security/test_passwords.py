"""Passwords: any that is long and not easily guessed is taken, for as long as its owner likes."""

import asyncio
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pwdlib import PasswordHash
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import WeakPassword
from app.accounts.limits import LOGIN_FAILURES
from app.accounts.models import User
from app.accounts.passwords import check_password
from app.core.password_hasher import UNUSABLE, PasswordHasher
from app.core.passwords import MAX_LENGTH, MIN_LENGTH, normalised
from app.core.roles import Role
from tests.conftest import CHEAP
from tests.support.logins import log_in, with_password
from tests.support.problems import problem_in
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
        "without its accents": password.replace("Ü", "U"),
        "with another end": password[:-1] + "!",
    }

    limiter = users.app.state.process.limiter
    for what, other in almost.items():
        # Each as the first failure.
        await limiter.clear(LOGIN_FAILURES, "anna")
        assert (await log_in(await users.client(), "anna", other)).status_code == 401, what
    assert (await log_in(await users.client(), "anna", password)).status_code == 200


# The same password as keyboards and systems encode it.
SAME = {
    "an accent of its own": ("caf\u00e9 con leche", "cafe\u0301 con leche"),
    "marks in another order": ("a\u0323\u0307 quiet heron", "a\u0307\u0323 quiet heron"),
    "Hangul in syllables or letters": ("\ud55c\uae00 otters swim", "\u1112\u1161\u11ab\u1100\u1173\u11af otters swim"),
    "full width": ("four calm otters", "\uff46\uff4f\uff55\uff52\u3000\uff43\uff41\uff4c\uff4d\u3000otters"),
    "half width": ("\u30ab\u30ac\u30b7 calm otters", "\uff76\uff76\uff9e\uff7c calm otters"),
    "ligatures": ("official office", "o\ufb03cial o\ufb03ce"),
    "superscripts and fractions": ("e=mc2 and 1\u20442 more", "e=mc\u00b2 and \u00bd more"),
    "one sign for a word": ("\u682a\u5f0f\u4f1a\u793e of otters", "\u337f of otters"),
    "other spaces": ("four calm otters", "four\u1680calm\u00a0otters"),
    "signs that look like letters": ("300 \u212bngstr\u00f6m wide", "300 \u00c5ngstro\u0308m wide"),
    "a mark on nothing": ("\u0344 calm otters", "\u0308\u0301 calm otters"),
    "Arabic shapes": ("\u0644\u0627 calm otters", "\ufefb calm otters"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
@pytest.mark.parametrize("swapped", [False, True])
async def test_one_password_is_one_however_it_is_typed(users: Users, first: str, second: str, *, swapped: bool) -> None:
    assert first != second
    chosen, typed = (second, first) if swapped else (first, second)
    hashed = await users.app.state.process.passwords.hash(chosen)
    client = await users.client(Role.READER, username="anna", hashed_password=hashed)
    await check_password(first, email="anna@example.com", username="anna")
    await check_password(second, email="anna@example.com", username="anna")

    assert (await log_in(await users.client(), "anna", typed)).status_code == 200
    changed = await client.put("/users/me/password", json={"current_password": typed, "new_password": f"new {chosen}"})
    assert changed.status_code == 204
    assert (await log_in(await users.client(), "anna", f"new {typed}")).status_code == 200
    assert (await log_in(await users.client(), "anna", typed)).status_code == 401


@pytest.mark.parametrize(
    ("one", "other"),
    [("four calm otters", "four calm Otters"), ("Stra\u00dfe am Fluss", "Strasse am Fluss"),
     ("\u0456\u043d\u0436\u0456\u0440 calm", "i\u043d\u0436i\u0440 calm"), ("four calm otters", "four  calm otters"),
     ("four calm otters", "four\u200bcalm otters"), ("four calm otters", " four calm otters"),
     ("\u0131stanbul otters", "istanbul otters")],
)  # fmt: skip
async def test_what_only_resembles_it_is_another(one: str, other: str) -> None:
    hasher = PasswordHasher(CHEAP)

    assert await hasher.verify(other, await hasher.hash(one)) == (False, None)


@given(st.text())
def test_the_form_of_a_form_is_itself(password: str) -> None:
    form = normalised(password)

    assert normalised(form) == form
    assert unicodedata.is_normalized("NFKC", form)
    assert normalised(unicodedata.normalize("NFD", password)) == form


@pytest.mark.parametrize(
    "password",
    ["\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11\uff12\uff13", "anna@\u2147xample.com", "\uff21nna-Almeida",
     "m\u00fcller.weg", "mu\u0308ller.weg", "o\ufb03\ufb03", "\u1112\u1161\u11ab" * 9, "x" + "\u0301" * 3],
)  # fmt: skip
async def test_other_forms_of_what_is_refused_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        await check_password(
            password, email="anna@example.com" if "@" in password else "mu\u0308ller.weg", username="anna-almeida"
        )


@pytest.mark.parametrize(
    "typed",
    ["\ud55c" * 247, "\u1112\u1161\u11ab" * 100, "\u1fa7" * 247, "\ufb03" * 82, "\ufdfa" * 13],
    ids=["syllables", "letters", "stacked accents", "ligatures", "phrases"],
)
async def test_characters_are_counted_in_that_form(users: Users, typed: str) -> None:
    anonymous = await users.client()
    account = {"email": "anna@example.com", "username": "anna"}

    refused = await anonymous.post("/auth/register", json={**account, "password": typed + "x" * 200})
    problem_in(refused, 422, "validation_error")
    taken = {**account, "password": "wq7#zk" + unicodedata.normalize("NFD", typed)}
    assert (await anonymous.post("/auth/register", json=taken)).status_code == 202

    assert (await log_in(anonymous, "anna", "wq7#zk" + typed)).status_code == 200


# --- Hashes from before passwords were normalised ----------------------------------------------------------------


def hashed_as_typed(password: str) -> str:
    return PasswordHash((CHEAP,)).hash(password)


@pytest.mark.parametrize(
    "old", ["cafe\u0301 con leche", "\uff46our calm otters", "four\u3000calm otters", "o\ufb03ce otters"]
)
async def test_an_old_hash_is_renewed_when_its_password_is_typed_as_then(users: Users, old: str) -> None:
    user = await users.user(username="anna", hashed_password=hashed_as_typed(old))
    other = normalised(old)
    assert (await log_in(await users.client(), "anna", other)).status_code == 401

    assert (await log_in(await users.client(), "anna", old)).status_code == 200

    async with users.app.state.database.reading() as session:
        renewed = (await session.get_one(User, user.id)).hashed_password
    assert renewed != user.hashed_password
    assert (await log_in(await users.client(), "anna", other)).status_code == 200
    assert (await log_in(await users.client(), "anna", old)).status_code == 200


async def test_an_old_hash_serves_wherever_the_password_is_asked_for(users: Users) -> None:
    old = "cafe\u0301 con leche"
    client = await users.client(Role.READER, username="anna", hashed_password=hashed_as_typed(old))

    change = {"current_password": old, "new_password": "five quiet herons"}

    assert (await client.put("/users/me/password", json=change)).status_code == 204


async def test_logins_at_once_renew_an_old_hash_once(live_users: Users) -> None:
    old = "cafe\u0301 con leche"
    await live_users.user(username="anna", hashed_password=hashed_as_typed(old))
    clients = [await live_users.client() for _ in range(4)]

    answers = await asyncio.gather(*(log_in(client, "anna", old) for client in clients))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert (await log_in(clients[0], "anna", normalised(old))).status_code == 200


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
    for wrong, hashes in (("wrong otters", 1), ("wrong o\u0308tters", 2)):
        for login in ("known", "inactive", "no-password", "unknown", "unknown@example.com"):
            compared.clear()
            assert (await log_in(await users.client(), login, wrong)).status_code == 401
            assert len(compared) == hashes, login


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
