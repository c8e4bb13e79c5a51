"""Leaving: announced, undone by logging in, and carried out when it is due."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import (
    AccountDeletion,
    Invitation,
    Passkey,
    PasskeyChallenge,
    PersonalToken,
    ProviderAccount,
    RecoveryCode,
    Totp,
    User,
)
from app.accounts.personal_data import authored
from app.audit.models import AuditEvent
from app.comments.models import Comment
from app.content.models import Article, FormerName, Named
from app.core import clock
from app.core.opaque_tokens import digest_of
from app.core.roles import Role
from app.db.base import Base
from app.mail import messages
from app.mail.notices import NOTICES, PAUSE
from tests.support.jobs import run_chores, run_due
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.mails import mails_waiting
from tests.support.permalinks import is_gone
from tests.support.problems import fields_of, problem_in
from tests.support.rows import a_mail, a_mail_request
from tests.support.second_factors import give, pending_token, with_totp
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read, walk, write

TEMPLATES = Path(messages.__file__).parent / "templates"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
GRACE = timedelta(days=14)


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna", role=Role.AUTHOR)


@pytest.fixture
async def device(users: Users, anna: User) -> Device:
    return await device_of(users, anna.username)


async def leave(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await client.request("DELETE", "/users/me", json={"current_password": PASSWORD, **fields})


async def left(device: Device, **fields: Any) -> None:
    response = await leave(device.client, **fields)
    assert response.status_code == 202, response.text


async def carried_out(app: FastAPI, traveller: time_machine.Traveller) -> None:
    traveller.shift(GRACE)
    await run_chores(app)


async def actions(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


async def places_of(session: AsyncSession, *texts: str) -> list[str]:
    """Where in all tables one of these texts is stored."""
    found = []
    for table in Base.metadata.sorted_tables:
        for row in (await session.execute(select(table))).mappings():
            found += [f"{table.name}.{column}" for column, value in row.items() if any(t in str(value) for t in texts)]
    return found


# --- Announcing ------------------------------------------------------------------------------------------------


async def test_a_deletion_is_announced_and_ends_every_login(
    app: FastAPI, users: Users, anna: User, device: Device, session: AsyncSession
) -> None:
    elsewhere = await device_of(users, anna.username)
    session.add(PersonalToken(user_id=anna.id, name="Backup", digest="d", scope="read"))
    await session.commit()

    response = await leave(device.client)

    assert response.status_code == 202, response.text
    assert response.json() == {"due_at": "2026-03-15T12:00:00Z"}
    for login in (device, elsewhere):
        assert not await login.is_logged_in()
        problem_in(await login.refresh(), 401, "invalid_refresh_token")
    assert (await session.scalars(select(PersonalToken))).all() == []
    (mail,) = await mails_waiting(app)
    assert (mail.recipient, "15 March 2026" in mail.text) == (anna.email, True)
    assert "log in before that day" in mail.text
    assert "account.deletion_requested" in await actions(session)


async def test_tokens_on_their_way_by_mail_do_not_arrive(
    app: FastAPI, users: Users, anna: User, device: Device
) -> None:
    bert = await with_password(users, username="bert")
    async with app.state.database.writing() as session:
        for user, address in ((anna, anna.email), (anna, "old@example.com"), (bert, bert.email)):
            text = f"Hello {user.username},\n\n?token=t"
            session.add(a_mail(recipient=address, text=text))
        await session.commit()

    await left(device)

    assert [(mail.recipient, "?token=" in mail.text) for mail in await mails_waiting(app)] == [
        (bert.email, True),
        (anna.email, False),
    ]


async def test_the_public_sees_no_change_meanwhile(
    app: FastAPI, anonymous: httpx.AsyncClient, device: Device, traveller: time_machine.Traveller
) -> None:
    await publish(device.client, "Mine")
    before = [await read(anonymous, path) for path in ("/articles/mine", "/authors/anna", "/articles")]

    await left(device, articles="remove")
    traveller.shift(GRACE - timedelta(seconds=1))
    await run_chores(app)

    assert [await read(anonymous, path) for path in ("/articles/mine", "/authors/anna", "/articles")] == before


@pytest.mark.parametrize("password", ["wrong password", None])
async def test_the_current_password_is_needed(device: Device, session: AsyncSession, password: str | None) -> None:
    problem_in(await leave(device.client, current_password=password), 403, "wrong_password")

    assert await device.is_logged_in()
    assert (await session.scalars(select(AccountDeletion))).all() == []


async def test_without_a_password_a_recent_login_is_needed(
    users: Users, session: AsyncSession, traveller: time_machine.Traveller
) -> None:
    client = await users.client(Role.READER)
    traveller.shift(timedelta(minutes=11))
    problem_in(await leave(client, current_password=None), 403, "recent_login_required")
    traveller.shift(timedelta(minutes=-10))

    assert (await leave(client, current_password=None)).status_code == 202
    assert len((await session.scalars(select(AccountDeletion))).all()) == 1


async def test_scripts_and_anonymous_clients_cannot(
    anonymous: httpx.AsyncClient, anna: User, session: AsyncSession
) -> None:
    problem_in(await leave(anonymous), 401, "not_authenticated")
    session.add(PersonalToken(user_id=anna.id, name="Backup", digest=digest_of("clp_token"), scope="read write"))
    await session.commit()
    anonymous.headers["Authorization"] = "Bearer clp_token"
    problem_in(await leave(anonymous), 403, "login_required")

    assert (await session.scalars(select(AccountDeletion))).all() == []


async def test_the_second_time_there_is_no_login_left(device: Device) -> None:
    await left(device)

    problem_in(await leave(device.client), 401, "invalid_token")


async def test_what_is_unknown_is_refused(device: Device) -> None:
    problem_in(await leave(device.client, articles="burn"), 422, "validation_error")
    problem_in(await leave(device.client, user_id=1), 422, "validation_error")


# --- Undoing ---------------------------------------------------------------------------------------------------


async def test_logging_in_undoes_it(
    app: FastAPI, users: Users, device: Device, session: AsyncSession, traveller: time_machine.Traveller
) -> None:
    await left(device)
    traveller.shift(GRACE - timedelta(minutes=5))

    again = await device_of(users, "anna")
    traveller.shift(timedelta(minutes=10))
    await run_chores(app)

    assert await again.is_logged_in()
    assert (await actions(session))[-2:] == ["account.deletion_undone", "login.succeeded"]
    assert "will not be deleted" in (await mails_waiting(app))[-1].text


async def test_a_login_that_had_nothing_to_undo_says_nothing(app: FastAPI, users: Users, anna: User) -> None:
    await device_of(users, anna.username)

    assert await mails_waiting(app) == []


async def test_only_the_whole_login_undoes_it(
    device: Device, session: AsyncSession, anonymous: httpx.AsyncClient
) -> None:
    phone = await with_totp(device.client)
    await left(device)

    token = await pending_token(anonymous, "anna")
    assert await session.scalar(select(func.count()).select_from(AccountDeletion)) == 1
    response = await give(anonymous, token, recovery_code=phone.recovery_codes[0])

    assert response.status_code == 200, response.text
    assert await session.scalar(select(func.count()).select_from(AccountDeletion)) == 0


async def test_a_wrong_password_undoes_nothing(anonymous: httpx.AsyncClient, device: Device) -> None:
    await left(device)

    problem_in(await log_in(anonymous, "anna", "wrong password"), 401, "invalid_credentials")

    assert (await log_in(anonymous, "anna")).status_code == 200


async def test_after_that_nobody_logs_in(
    app: FastAPI, anonymous: httpx.AsyncClient, device: Device, traveller: time_machine.Traveller
) -> None:
    await left(device)
    await carried_out(app, traveller)

    for login in ("anna", "anna@example.com"):
        problem_in(await log_in(anonymous, login), 401, "invalid_credentials")


# --- Articles --------------------------------------------------------------------------------------------------


@pytest.fixture
async def bert(users: Users) -> User:
    return await users.user(Role.AUTHOR, username="bert")


async def test_whoever_has_written_says_what_becomes_of_it(device: Device) -> None:
    await write(device.client)

    problem = problem_in(await leave(device.client), 409, "unknown_successor")

    assert fields_of(problem) == ["articles"]


@pytest.mark.parametrize(
    ("username", "attributes"),
    [
        ("nobody", {}),
        ("anna", {}),
        ("carl", {"role": Role.READER}),
        ("carl", {"role": Role.EDITOR, "is_active": False}),
        ("carl", {"role": Role.EDITOR, "is_verified": False}),
        ("carl", {"role": Role.ADMIN, "is_active": False, "deleted_at": START}),
        (None, {}),
    ],
)
async def test_a_successor_is_somebody_else_who_may_write(
    users: Users, device: Device, username: str | None, attributes: dict[str, Any]
) -> None:
    if attributes:
        await users.user(username="carl", **attributes)

    problem = problem_in(await leave(device.client, articles="hand_over", successor=username), 409, "unknown_successor")

    assert fields_of(problem) == ["successor"]
    assert await device.is_logged_in()


async def test_whoever_is_leaving_inherits_nothing(users: Users, device: Device) -> None:
    """They would take it along."""
    successor = await device_of(users, (await with_password(users, username="carl", role=Role.AUTHOR)).username)
    await left(successor, articles="remove")

    refused = await leave(device.client, articles="hand_over", successor="carl")

    assert fields_of(problem_in(refused, 409, "unknown_successor")) == ["successor"]


async def test_articles_are_handed_over(
    app: FastAPI,
    users: Users,
    bert: User,
    device: Device,
    anonymous: httpx.AsyncClient,
    traveller: time_machine.Traveller,
) -> None:
    published = await publish(device.client, "Mine", tags=["Blue"])
    await write(device.client, "A draft")
    await write(device.client, "Gone")
    await device.client.delete("/articles/gone")

    await left(device, articles="hand_over", successor="Bert")
    await carried_out(app, traveller)

    article = await read(anonymous, "/articles/mine")
    assert article["author"]["username"] == "bert"
    assert article["updated_at"] == published["updated_at"]
    assert names(article["tags"]) == ["blue"]
    successor = await users.client_for(bert)
    assert names(await walk(successor, "/articles", status="draft")) == ["a-draft"]
    assert (await read(anonymous, "/authors/bert"))["article_count"] == 1
    problem_in(await anonymous.get("/authors/anna"), 404, "author_not_found")
    (mail,) = [mail for mail in await mails_waiting(app) if mail.recipient == bert.email]
    assert "3 articles are now yours" in mail.text


async def test_without_the_successor_an_admin_takes_over(
    app: FastAPI, users: Users, bert: User, device: Device, traveller: time_machine.Traveller
) -> None:
    admins = [await users.user(Role.ADMIN) for _ in range(2)]
    await publish(device.client, "Mine")
    await left(device, articles="hand_over", successor="bert")
    await (await users.client_for(admins[1])).delete(f"/users/{bert.id}")

    await carried_out(app, traveller)

    article = await read(await users.client(), "/articles/mine")
    assert article["author"]["username"] == admins[0].username


async def test_removed_articles_are_gone_for_everybody(
    app: FastAPI,
    users: Users,
    bert: User,
    device: Device,
    session: AsyncSession,
    traveller: time_machine.Traveller,
) -> None:
    writer = await users.client_for(bert)
    await publish(device.client, "Mine", tags=["Blue"])
    await write(device.client, "Gone")
    await device.client.delete("/articles/gone")
    await comment(writer, "mine", "Well said.")
    await publish(writer, "Another", tags=["Blue"])

    await left(device, articles="remove")
    await carried_out(app, traveller)

    editor = await users.client(Role.EDITOR)
    await is_gone(editor, "/articles/mine")
    problem_in(await editor.get("/articles/gone"), 404, "article_not_found")
    for slug in ("mine", "gone"):
        problem_in(await editor.put(f"/articles/{slug}/restoration"), 404, "article_not_found")
    assert names(await walk(editor, "/articles")) == ["another"]
    assert (await read(editor, "/tags/blue"))["article_count"] == 1
    assert (await session.scalars(select(Comment))).all() == []
    assert names((await read(editor, "/authors"))["items"], "username") == ["bert"]


# --- What is left ----------------------------------------------------------------------------------------------


async def test_comments_stay_readable_without_a_name(
    app: FastAPI,
    users: Users,
    bert: User,
    device: Device,
    anonymous: httpx.AsyncClient,
    traveller: time_machine.Traveller,
) -> None:
    writer = await users.client_for(bert)
    await publish(writer, "Theirs")
    first = await comment(device.client, "theirs", "Is it so?")
    await comment(writer, "theirs", "It is.", parent=first)

    await left(device)
    await carried_out(app, traveller)

    question, response = await walk(anonymous, "/articles/theirs/comments")
    assert (question["body_markdown"], question["author"]["display_name"]) == ("Is it so?", "Deleted account")
    assert (response["parent_id"], response["author"]["username"]) == (question["id"], "bert")
    assert (await read(anonymous, "/articles/theirs"))["comment_count"] == 2


async def everything_about(session: AsyncSession, user: User, inviter: User) -> None:
    """A row in every table that knows of accounts."""
    now = clock.now()
    later = now + timedelta(days=99)
    session.add_all(
        [
            PersonalToken(user_id=user.id, name="anna's backup", digest="d", scope="read"),
            Totp(user_id=user.id, encrypted_secret="anna"),
            FormerName(resource=Named.AUTHOR, slug="anna-before", user_id=user.id),
            RecoveryCode(user_id=user.id, digest="r"),
            Passkey(
                user_id=user.id,
                credential_id=b"c",
                public_key=b"k",
                sign_count=0,
                transports="",
                is_backed_up=False,
                name="anna's key",
            ),
            PasskeyChallenge(user_id=user.id, challenge=b"c", expires_at=later),
            ProviderAccount(user_id=user.id, provider="google", subject="1", email="anna@example.com"),
            Invitation(digest="a", role=Role.READER, email="x@example.com", invited_by_id=user.id, expires_at=later),
            Invitation(
                digest="b",
                role=Role.READER,
                email="anna@example.com",
                invited_by_id=inviter.id,
                expires_at=later,
                used_at=now,
                used_by_id=user.id,
            ),
            a_mail_request(ip_address="10.0.0.1", user_agent="anna's"),
            a_mail(),
        ]
    )
    await session.execute(update(User).where(User.id == user.id).values(pending_email="anna@new.example.com"))
    await session.commit()


@pytest.mark.parametrize("by", ["the owner", "an admin", "the owner at once"])
async def test_nothing_tells_who_it_was(
    app: FastAPI,
    users: Users,
    anna: User,
    device: Device,
    session: AsyncSession,
    traveller: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    admin = await users.user(Role.ADMIN)
    successor = await users.user(Role.AUTHOR, username="bert")
    await publish(device.client, "Mine")
    await publish(await users.client_for(successor), "Theirs")
    await comment(device.client, "theirs", "Is it so?")
    await everything_about(session, anna, admin)
    places = await places_of(session, "anna")
    assert (len(set(places)) >= 9, places.count("jobs.payload")) == (True, 2)
    if by == "an admin":
        response = await (await users.client_for(admin)).delete(f"/users/{anna.id}")
        assert response.status_code == 204, response.text
    else:
        if by == "the owner at once":
            monkeypatch.setattr(app.state.settings, "deletion_grace_days", 0)
        await left(device, articles="hand_over", successor="bert")
        if by == "the owner":
            await carried_out(app, traveller)

    session.expire_all()
    assert await places_of(session, "anna", "Anna") == []
    kept = {column for each in authored() for column in each.author.property.columns}
    for table in Base.metadata.sorted_tables:
        for key in (key.parent for key in table.foreign_keys if key.column.table.name == "users"):
            naming = (await session.scalars(select(key).where(key == anna.id))).all()
            assert naming == [] or key in kept, key
    assert "account.deleted" in await actions(session)


async def test_the_mails_of_others_to_a_merely_claimed_address_stay(
    app: FastAPI, users: Users, device: Device, anna: User, session: AsyncSession
) -> None:
    bert = await users.user(username="bert")
    session.add(a_mail(recipient="bert@example.com", text="Hello bert,\n"))
    await session.execute(update(User).where(User.id == anna.id).values(pending_email="bert@example.com"))
    await session.commit()

    await left(device)

    assert bert.email in [mail.recipient for mail in await mails_waiting(app)]


async def test_an_account_without_an_address_takes_no_invitation_of_others_along(
    app: FastAPI, users: Users, session: AsyncSession, traveller: time_machine.Traveller
) -> None:
    admin = await users.user(Role.ADMIN)
    user = await with_password(users, username="anna", email=None, pending_email="a@example.com", is_verified=False)
    device = await device_of(users, user.username)
    later = START + timedelta(days=99)
    session.add(Invitation(digest="a", role=Role.READER, invited_by_id=admin.id, expires_at=later))
    await session.commit()

    await left(device)
    await carried_out(app, traveller)

    assert await session.scalar(select(func.count()).select_from(Invitation)) == 1
    assert await places_of(session, "anna", "a@example.com") == []


def test_mails_greet_people_in_the_way_by_which_they_are_found() -> None:
    templates = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.txt")}
    # Who is invited has no account yet, and who tries the settings is an operator.
    del templates["invitation.txt"], templates["test.txt"]

    assert len(templates) > 5
    assert [name for name, text in templates.items() if not text.startswith("Hello {{ username }},")] == []


async def test_a_failure_in_the_middle_leaves_all_as_it_was(
    app: FastAPI,
    users: Users,
    device: Device,
    anonymous: httpx.AsyncClient,
    traveller: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await publish(device.client, "Mine")
    await left(device, articles="remove")
    other = await device_of(users, (await with_password(users, username="bert")).username)
    await left(other)
    anonymise = User.anonymise

    def fail(user: User, *arguments: Any) -> None:
        if user.username == "anna":
            raise RuntimeError
        anonymise(user, *arguments)

    monkeypatch.setattr(User, "anonymise", fail)
    await carried_out(app, traveller)
    assert (await anonymous.get("/articles/mine")).status_code == 200
    # The other account is none the worse for it.
    problem_in(await log_in(anonymous, "bert"), 401, "invalid_credentials")
    monkeypatch.undo()
    await run_chores(app)

    await is_gone(anonymous, "/articles/mine")


# --- Admins ----------------------------------------------------------------------------------------------------


async def test_the_last_admin_stays(users: Users, session: AsyncSession) -> None:
    await users.user(Role.ADMIN, is_active=False)
    client = await users.client(Role.ADMIN)

    problem_in(await leave(client), 409, "last_admin")

    assert (await session.scalars(select(AccountDeletion))).all() == []


async def test_an_admin_who_is_leaving_is_not_another_one(users: Users) -> None:
    first, second = await users.user(Role.ADMIN), await users.client(Role.ADMIN)
    assert (await leave(await users.client_for(first))).status_code == 202
    me = (await second.get("/users/me")).json()["id"]

    problem_in(await leave(second), 409, "last_admin")
    problem_in(await second.delete(f"/users/{me}"), 409, "last_admin")
    problem_in(await second.patch(f"/users/{me}", json={"role": "author"}), 409, "last_admin")
    assert (await second.delete(f"/users/{first.id}")).status_code == 204


async def test_of_two_admins_who_leave_at_once_one_stays(live_users: Users) -> None:
    clients = [await live_users.client(Role.ADMIN) for _ in range(2)]

    responses = await asyncio.gather(*(leave(client) for client in clients))

    assert sorted(response.status_code for response in responses) == [202, 409]


# --- At once ---------------------------------------------------------------------------------------------------


async def test_two_wishes_at_once_are_one(live_app: FastAPI, live_users: Users) -> None:
    client = await live_users.client(Role.READER)

    responses = await asyncio.gather(*(leave(client) for _ in range(3)))

    assert sorted(response.status_code for response in responses) == [202, 401, 401]
    assert len(await mails_waiting(live_app)) == 1


async def test_two_housekeepers_delete_an_account_once(
    live_app: FastAPI, live_users: Users, traveller: time_machine.Traveller
) -> None:
    successor = await live_users.user(Role.AUTHOR, username="bert")
    users = [await live_users.user(Role.AUTHOR) for _ in range(3)]
    for user in users:
        client = await live_users.client_for(user)
        await publish(client, user.username)
        assert (await leave(client, articles="hand_over", successor="bert")).status_code == 202
    traveller.shift(GRACE)

    await asyncio.gather(*(run_chores(live_app) for _ in range(3)))
    await run_chores(live_app)

    async with live_app.state.database.reading() as session:
        assert (await actions(session)).count("account.deleted") == 3
        authors = set(await session.scalars(select(Article.author_id)))
        assert authors == {successor.id}
        gone = await session.scalars(select(User.username).where(User.deleted_at.is_not(None)).order_by(User.id))
        assert list(gone) == [f"deleted.{user.id}" for user in users]
    traveller.shift(PAUSE)
    await run_due(live_app, NOTICES)
    at_once, together = [mail for mail in await mails_waiting(live_app) if mail.recipient == successor.email]
    assert ("1 article is" in at_once.text, "2 articles are" in together.text) == (True, True)


async def test_a_login_at_the_last_moment_either_undoes_it_or_fails(
    live_app: FastAPI, live_users: Users, traveller: time_machine.Traveller
) -> None:
    await with_password(live_users, username="anna")
    device = await device_of(live_users, "anna")
    await left(device)
    traveller.shift(GRACE)

    response, _ = await asyncio.gather(log_in(await live_users.client(), "anna"), run_chores(live_app))

    async with live_app.state.database.reading() as session:
        is_gone = await session.scalar(select(User.deleted_at).where(User.username != "bert")) is not None
        assert (response.status_code, is_gone) in {(200, False), (401, True)}
        assert (await session.scalars(select(AccountDeletion))).all() == []
