"""What a thief of a password or a session tries so as to stay, and what gets rid of them."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.errors import InvalidAccessToken
from app.accounts.models import AccountDeletion, Invitation, PersonalToken, ProviderAccount, RecoveryCode, User
from app.accounts.policies.actors import Principal
from app.accounts.schemas.invitations import InvitationInput
from app.accounts.services.invitations import InvitationService
from app.audit.models import AuditEvent
from app.core.client import Client
from app.core.roles import Role
from app.unit_of_work import UnitOfWork
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.problems import problem_in
from tests.support.second_factors import with_totp
from tests.support.users import Users

MINE = "anna@example.com"
NEW = "nine loud herons"


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna")


@pytest.fixture
async def thief(users: Users, anna: User) -> Device:
    return await device_of(users, anna.username)


async def mailed(app: FastAPI, recipient: str, page: str) -> str:
    """The token in the newest mail to somebody that leads to this page."""
    return [
        token_in(mail.text)
        for mail in await mails_waiting(app)
        if mail.recipient == recipient and f"/{page}?token=" in mail.text
    ][-1]


async def move_to(thief: Device, email: str) -> None:
    change = {"email": email, "current_password": PASSWORD}
    assert (await thief.client.put("/users/me/email", json=change)).status_code == 202


async def verify(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/verify", json={"token": token})


async def undo(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/undo-email-change", json={"token": token})


async def reset(app: FastAPI, client: httpx.AsyncClient) -> None:
    await client.post("/auth/forgot-password", json={"email": MINE})
    data = {"token": await mailed(app, MINE, "reset-password"), "password": NEW}
    assert (await client.post("/auth/reset-password", json=data)).status_code == 204


async def test_an_address_that_the_thief_asked_for_does_not_outlast_a_reset(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device
) -> None:
    await move_to(thief, "evil@example.org")

    await reset(app, anonymous)

    problem_in(
        await verify(anonymous, await mailed(app, "evil@example.org", "verify")), 403, "invalid_verification_token"
    )


async def test_moving_on_once_more_does_not_keep_the_first_address_from_objecting(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device, session: AsyncSession
) -> None:
    for address in ("evil1@example.org", "evil2@example.org"):
        await move_to(thief, address)
        assert (await verify(anonymous, await mailed(app, address, "verify"))).status_code == 200

    assert (await undo(anonymous, await mailed(app, MINE, "undo-email-change"))).status_code == 204

    assert await session.scalar(select(User.email)) == MINE


async def test_the_first_link_undoes_whatever_was_asked_for_since(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device, session: AsyncSession
) -> None:
    for number in range(3):
        await move_to(thief, f"evil{number}@example.org")

    assert (await undo(anonymous, await mailed(app, MINE, "undo-email-change"))).status_code == 204

    assert (await session.execute(select(User.email, User.pending_email))).one() == (MINE, None)
    newest = await mailed(app, "evil2@example.org", "verify")
    problem_in(await verify(anonymous, newest), 403, "invalid_verification_token")


async def test_an_invitation_that_was_under_way_is_not_sent(app: FastAPI, users: Users) -> None:
    """The thief's request began before the owner undid the change, and is carried out after that."""
    thief = Principal(await users.user(Role.EDITOR))
    async with app.state.database.writing() as session:
        (await session.get_one(User, thief.id)).end_access()
        await session.commit()

    async with app.state.database.writing() as session:
        unit = UnitOfWork(app.state.process, Client("", ""), session)
        stale = await session.get_one(User, thief.id)
        set_committed_value(stale, "token_version", thief.account.token_version)
        with pytest.raises(InvalidAccessToken):
            await InvitationService(unit).create(Principal(stale), InvitationInput(role=Role.READER))


async def test_the_thiefs_own_objection_takes_nothing_from_the_owner(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device, session: AsyncSession
) -> None:
    """Once the owner has the address back, links that were mailed to the thief's do nothing."""
    for address in ("evil1@example.org", "evil2@example.org"):
        await move_to(thief, address)
        await verify(anonymous, await mailed(app, address, "verify"))
    thiefs = await mailed(app, "evil1@example.org", "undo-email-change")
    await undo(anonymous, await mailed(app, MINE, "undo-email-change"))

    await undo(anonymous, thiefs)

    assert await session.scalar(select(User.email)) == MINE


async def test_what_the_thief_added_goes_with_the_change_and_what_was_there_stays(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        user = await with_password(users, username="anna")
        session.add(ProviderAccount(user_id=user.id, provider="github", subject="mine"))
        await session.commit()
        clock.shift(timedelta(days=30))
        thief = await device_of(users, "anna")
        await with_totp(thief.client)
        token = {"name": "Script", "scopes": ["read"], "current_password": PASSWORD}
        assert (await thief.client.post("/auth/personal-tokens", json=token)).status_code == 201
        session.add(ProviderAccount(user_id=user.id, provider="google", subject="the thief's"))
        await session.commit()
        await move_to(thief, "evil@example.org")
        await verify(anonymous, await mailed(app, "evil@example.org", "verify"))

        await undo(anonymous, await mailed(app, MINE, "undo-email-change"))
        await reset(app, anonymous)

        assert (await log_in(anonymous, MINE, NEW)).status_code == 200
    assert (await session.scalars(select(ProviderAccount.subject))).all() == ["mine"]
    assert (await session.scalars(select(PersonalToken))).all() == []


async def test_a_change_that_is_confirmed_late_takes_along_what_was_added_since_it_was_asked_for(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        user = await with_password(users, username="anna")
        thief = await device_of(users, "anna")
        await move_to(thief, "evil@example.org")
        clock.shift(timedelta(hours=1))
        session.add(ProviderAccount(user_id=user.id, provider="google", subject="the thief's"))
        await session.commit()
        clock.shift(timedelta(hours=46))
        await verify(anonymous, await mailed(app, "evil@example.org", "verify"))
        clock.shift(timedelta(days=6, hours=23))

        assert (await undo(anonymous, await mailed(app, MINE, "undo-email-change"))).status_code == 204

    assert (await session.scalars(select(ProviderAccount))).all() == []


async def test_an_invitation_that_the_thief_sent_lets_nobody_in(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        await with_password(users, username="anna", role=Role.ADMIN)
        owner = await device_of(users, "anna")
        mine = (await owner.client.post("/invitations", json={"role": "reader"})).json()
        clock.shift(timedelta(days=6))
        bert = await users.client(Role.ADMIN, username="bert")
        others = (await bert.post("/invitations", json={"role": "reader"})).json()
        clock.shift(timedelta(days=2))
        thief = await device_of(users, "anna")
        used, unused = [(await thief.client.post("/invitations", json={"role": "admin"})).json() for _ in range(2)]
        newcomer = {"email": "e@example.org", "username": "evil", "password": NEW, "invitation": used["token"]}
        assert (await anonymous.post("/auth/register", json=newcomer)).status_code == 202
        await move_to(thief, "evil@example.org")

        assert (await undo(anonymous, await mailed(app, MINE, "undo-email-change"))).status_code == 204

        again = newcomer | {"email": "f@example.org", "username": "evil2", "invitation": unused["token"]}
        problem_in(await anonymous.post("/auth/register", json=again), 403, "invalid_invitation")
    left = set(await session.scalars(select(Invitation.id)))
    assert left == {mine["id"], others["id"], used["id"]}
    undone = await session.scalar(select(AuditEvent).where(AuditEvent.action == "account.email_change_undone"))
    assert undone is not None
    assert undone.details == {"ended": {"invitations": 1}}


@pytest.mark.parametrize("renewed", [False, True])
async def test_recovery_codes_that_the_thief_renewed_are_worthless_and_the_owners_are_not(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession, renewed: bool
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        user = await with_password(users, username="anna")
        phone = await with_totp(await users.client_for(user))
        clock.shift(timedelta(days=8))
        thief = await users.client_for(user)
        if renewed:
            password = {"current_password": PASSWORD}
            assert (await thief.post("/users/me/recovery-codes", json=password)).status_code == 201
        change = {"email": "evil@example.org", "current_password": PASSWORD}
        assert (await thief.put("/users/me/email", json=change)).status_code == 202

        await undo(anonymous, await mailed(app, MINE, "undo-email-change"))

    assert len((await session.scalars(select(RecoveryCode))).all()) == (0 if renewed else len(phone.recovery_codes))
    assert await session.scalar(select(User.has_second_factor)) is True


async def test_links_that_the_thief_was_mailed_are_worthless(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device
) -> None:
    await move_to(thief, "evil@example.org")
    await verify(anonymous, await mailed(app, "evil@example.org", "verify"))
    await move_to(thief, "evil2@example.org")
    await anonymous.post("/auth/forgot-password", json={"email": "evil@example.org"})
    links = [
        await mailed(app, "evil@example.org", "reset-password"),
        await mailed(app, "evil2@example.org", "verify"),
        await mailed(app, "evil@example.org", "undo-email-change"),
    ]

    await undo(anonymous, await mailed(app, MINE, "undo-email-change"))

    data = {"token": links[0], "password": NEW}
    problem_in(await anonymous.post("/auth/reset-password", json=data), 403, "invalid_reset_token")
    problem_in(await verify(anonymous, links[1]), 403, "invalid_verification_token")
    problem_in(await undo(anonymous, links[2]), 403, "invalid_undo_token")


async def test_the_thief_does_not_have_the_account_deleted(
    app: FastAPI, anonymous: httpx.AsyncClient, thief: Device, session: AsyncSession
) -> None:
    await move_to(thief, "evil@example.org")
    link = await mailed(app, MINE, "undo-email-change")
    await verify(anonymous, await mailed(app, "evil@example.org", "verify"))
    wish = {"current_password": PASSWORD, "articles": "remove"}
    assert (await thief.client.request("DELETE", "/users/me", json=wish)).status_code == 202

    assert (await undo(anonymous, link)).status_code == 204

    assert (await session.scalars(select(AccountDeletion))).all() == []
    assert "will be kept" in "".join(mail.subject for mail in await mails_waiting(app) if mail.recipient == MINE)


async def test_what_an_admin_repairs_is_not_undone(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, thief: Device, anna: User, session: AsyncSession
) -> None:
    for address in ("evil1@example.org", "evil2@example.org"):
        await move_to(thief, address)
        await verify(anonymous, await mailed(app, address, "verify"))
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{anna.id}", json={"email": MINE, "is_verified": True})

    thiefs = await mailed(app, "evil1@example.org", "undo-email-change")

    problem_in(await undo(anonymous, thiefs), 403, "invalid_undo_token")
    assert await session.scalar(select(User.email).where(User.id == anna.id)) == MINE


async def test_a_wish_that_was_under_way_does_not_get_past_a_reset(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_password(live_users, username="anna")
    thief, owner = await device_of(live_users, "anna"), await live_users.client()
    passwords = live_app.state.process.passwords
    check = passwords.verify

    async def slow(*arguments: object) -> object:
        response = await check(*arguments)
        monkeypatch.setattr(passwords, "verify", check)
        await reset(live_app, owner)
        return response

    monkeypatch.setattr(passwords, "verify", slow)
    change = {"email": "evil@example.org", "current_password": PASSWORD}

    problem_in(await thief.client.put("/users/me/email", json=change), 401, "invalid_token")

    assert all(mail.recipient == MINE for mail in await mails_waiting(live_app))


async def test_whoever_registers_with_anothers_address_prepares_no_way_in(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient
) -> None:
    data = {"email": MINE, "username": "thief", "password": PASSWORD}
    await anonymous.post("/auth/register", json=data)
    thief = await device_of(users, "thief")
    for path, body in {
        "/auth/personal-tokens": {"name": "Script", "scopes": ["read"]},
        "/users/me/totp": {},
        "/users/me/passkeys/options": {},
    }.items():
        refused = await thief.client.post(path, json={**body, "current_password": PASSWORD})

        problem_in(refused, 403, "email_not_verified")

    # The owner takes the account over, and is alone in it.
    await verify(anonymous, await mailed(app, MINE, "verify"))
    await reset(app, anonymous)
    assert not await thief.is_logged_in()
    assert (await log_in(anonymous, MINE, NEW)).status_code == 200


async def test_nobody_uses_up_the_mails_with_which_an_owner_recovers(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User
) -> None:
    attacker = await users.client()
    for _ in range(6):
        await attacker.post("/auth/request-verify-token", json={"email": anna.email})

    await reset(app, anonymous)


async def test_asking_for_the_link_again_brings_the_owners_own(app: FastAPI, users: Users) -> None:
    """Whoever registers later with the same address does not put their own link in its place."""
    client = await users.client()
    for username in ("victim", "attacker"):
        await client.post("/auth/register", json={"email": MINE, "username": username, "password": NEW})

    await client.post("/auth/request-verify-token", json={"email": MINE})

    again = [mail.text for mail in (await mails_waiting(app))[2:]]
    assert ['"victim"' in text for text in again] == [True, False]
    assert await verify_and_see(client, token_in(again[0])) == "victim"


async def verify_and_see(client: httpx.AsyncClient, token: str) -> object:
    return (await verify(client, token)).json()["username"]


async def test_admins_change_their_own_address_where_it_is_confirmed(users: Users) -> None:
    boss = await with_password(users, username="boss", role=Role.ADMIN)
    thief = await device_of(users, "boss")

    refused = await thief.client.patch(f"/users/{boss.id}", json={"email": "evil@example.org", "is_verified": True})

    problem_in(refused, 403, "forbidden")


async def test_owners_hear_of_what_others_change(app: FastAPI, users: Users, thief: Device, anna: User) -> None:
    await thief.client.patch("/users/me", json={"username": "not-anna"})
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{anna.id}", json={"email": "moved@example.com"})

    told = [mail.text for mail in await mails_waiting(app) if mail.recipient == MINE]
    assert ["not-anna" in told[0], "An admin changed" in told[1]] == [True, True]


async def test_owners_hear_of_codes_that_are_guessed(app: FastAPI, users: Users, thief: Device) -> None:
    await with_totp(thief.client)
    login = await log_in(await users.client(), "anna")
    pending = login.json()["second_factor"]["pending_token"]
    before = len(await mails_waiting(app))

    for _ in range(5):
        client = await users.client()
        wrong = {"pending_token": pending, "code": "000000"}
        assert (await client.post("/auth/login/second-factor", json=wrong)).status_code == 401

    (warning,) = (await mails_waiting(app))[before:]
    assert "wrong codes" in warning.text


async def test_a_session_that_is_not_used_is_not_continued(users: Users) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        await with_password(users, username="anna")
        device = await device_of(users, "anna")
        clock.shift(timedelta(days=14))

        problem_in(await device.refresh(), 401, "invalid_refresh_token")

        again = await device_of(users, "anna")
        assert len((await again.client.get("/auth/sessions")).json()) == 1


async def test_tokens_are_kept_out_of_caches(users: Users, anna: User) -> None:
    response = await log_in(await users.client(), anna.username)

    assert response.headers["Cache-Control"] == "no-store"
