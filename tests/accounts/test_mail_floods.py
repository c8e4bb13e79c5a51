"""However often somebody makes the blog write to a mailbox, few mails arrive."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.core.roles import Role
from app.mail import messages
from app.mail.notices import declared_notices
from tests.support.logins import PASSWORD, with_password
from tests.support.mails import mails_waiting
from tests.support.users import Users

ANNA = "anna@example.com"
TIMES = 12
# What `mails-to-recipient` allows in an hour.
FEW = 5
Ask = Callable[[Users, int], Awaitable[httpx.Response]]


def account(number: int, email: str = ANNA) -> dict[str, str]:
    return {"email": email, "username": f"stranger{number}", "password": "nine loud herons"}


async def register(users: Users, number: int) -> httpx.Response:
    return await (await users.client()).post("/auth/register", json=account(number))


async def register_with_notes(users: Users, number: int) -> httpx.Response:
    return await (await users.client()).post("/auth/register", json=account(number, f"anna+{number}@example.com"))


async def forget(users: Users, _number: int) -> httpx.Response:
    return await (await users.client()).post("/auth/forgot-password", json={"email": ANNA})


async def ask_again(users: Users, _number: int) -> httpx.Response:
    return await (await users.client()).post("/auth/request-verify-token", json={"email": ANNA})


async def invite(users: Users, _number: int) -> httpx.Response:
    return await (await users.client(Role.ADMIN)).post("/invitations", json={"role": "reader", "email": ANNA})


async def move_there(users: Users, _number: int) -> httpx.Response:
    mover = await with_password(users, username=f"mover{_number}")
    data = {"email": ANNA, "current_password": PASSWORD}
    return await (await users.client_for(mover)).put("/users/me/email", json=data)


# By template: who can have such a mail sent, and whether the mailbox belongs to somebody.
REQUESTED: dict[str, list[tuple[Ask, bool]]] = {
    "verification": [(register, False), (register_with_notes, False), (ask_again, False), (move_there, False)],
    "registration_attempt": [(register, True), (ask_again, True), (move_there, True)],
    "password_reset": [(forget, True)],
    "invitation": [(invite, False)],
}
CASES = [(ask, is_hers) for asked in REQUESTED.values() for ask, is_hers in asked]


def test_every_mail_is_a_notice_or_limited_when_it_is_requested() -> None:
    templates = {file.stem for file in (Path(messages.__file__).parent / "templates").glob("*.txt")}

    of_notices = {kind.template for kind in declared_notices().values()}
    # Operators try the settings on the command line, as often as they like.
    assert templates - {"test"} == of_notices | REQUESTED.keys()
    assert not of_notices & REQUESTED.keys()


@pytest.mark.parametrize(("ask", "is_hers"), CASES)
async def test_few_of_many_requested_mails_arrive(app: FastAPI, users: Users, ask: Ask, *, is_hers: bool) -> None:
    if is_hers:
        await with_password(users, username="anna")
    for number in range(3):
        # Others claim the address too.
        await users.user(username=f"claimer{number}", email=None, pending_email=ANNA, is_verified=False)

    answers = [(await ask(users, number)).status_code for number in range(TIMES)]

    assert answers[0] < 300
    assert answers[-1] == 429
    arrived = Counter(mail.recipient.replace("+", "@").partition("@")[0] for mail in await mails_waiting(app))
    assert 0 < arrived["anna"] <= FEW


async def test_a_flood_of_one_request_does_not_keep_others_from_arriving(app: FastAPI, users: Users) -> None:
    await with_password(users, username="anna")
    for number in range(TIMES):
        await register(users, number)
        await ask_again(users, number)

    assert (await forget(users, 0)).status_code == 202

    assert "Choose a new password" in (await mails_waiting(app))[-1].subject


async def test_a_burst_of_changes_is_one_mail(app: FastAPI, users: Users) -> None:
    user = await with_password(users, username="anna")
    client = await users.client_for(user)

    for number in range(30):
        assert (await client.patch("/users/me", json={"username": f"anna{number}"})).status_code == 200

    assert len([mail for mail in await mails_waiting(app) if mail.recipient == ANNA]) == 1


async def test_an_account_is_no_means_to_write_to_many_strangers(users: Users) -> None:
    user = await with_password(users, username="anna")
    answers = []
    for number in range(12):
        # From wherever.
        client = await users.client_for(user)
        data = {"email": f"stranger{number}@example.com", "current_password": PASSWORD}
        answers.append((await client.put("/users/me/email", json=data)).status_code)

    assert answers == [202] * 10 + [429] * 2


async def test_a_burst_of_email_changes_leaves_the_first_way_back(app: FastAPI, users: Users) -> None:
    user = await with_password(users, username="anna")
    client = await users.client_for(user)
    for number in range(10):
        data = {"email": f"thief{number}@example.com", "current_password": PASSWORD}
        assert (await client.put("/users/me/email", json=data)).status_code == 202

    (notice,) = [mail for mail in await mails_waiting(app) if mail.recipient == ANNA]

    assert "undo-email-change?token=" in notice.text


@pytest.mark.parametrize("flood", [("username", 30), ("email", 10)])
async def test_no_flood_hides_that_the_password_or_address_was_changed(
    app: FastAPI, users: Users, flood: tuple[str, int]
) -> None:
    user = await with_password(users, username="anna")
    client = await users.client_for(user)
    what, times = flood
    for number in range(times):
        if what == "username":
            await client.patch("/users/me", json={"username": f"anna{number}"})
        else:
            data = {"email": f"thief{number}@example.com", "current_password": PASSWORD}
            await client.put("/users/me/email", json=data)

    change = {"current_password": PASSWORD, "new_password": "nine loud herons"}
    assert (await client.put("/users/me/password", json=change)).status_code == 204

    assert "Your password was changed" in (await mails_waiting(app))[-1].subject


async def test_asking_for_deletion_does_not_take_notices_back(app: FastAPI, users: Users) -> None:
    user = await with_password(users, username="anna")
    client = await users.client_for(user)
    await client.put("/users/me/email", json={"email": "thief@example.com", "current_password": PASSWORD})
    await client.patch("/users/me", json={"username": "antonia"})

    answer = await client.request("DELETE", "/users/me", json={"current_password": PASSWORD})

    assert answer.status_code == 202, answer.text
    subjects = [mail.subject for mail in await mails_waiting(app) if mail.recipient == ANNA]
    assert len(subjects) == 3
