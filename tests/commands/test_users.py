"""Looking after accounts from the command line."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from typer.testing import Result

from app.accounts.models import Totp, User
from app.audit.models import AuditEvent
from app.core.config import Settings
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from tests.support.commands import run_command
from tests.support.logins import PASSWORD, log_in, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.rows import an_article
from tests.support.users import Users

MODULE = "commands.users"
ANOTHER = "five brave herons"


class Shell:
    """Somebody who may run the commands of a blog."""

    def __init__(self, app: FastAPI, users: Users) -> None:
        self.app = app
        self.users = users
        self.settings: Settings = app.state.settings

    async def run(self, *arguments: str, **options: Any) -> Result:
        return await run_command(self.settings, MODULE, *arguments, **options)

    async def done(self, *arguments: str, **options: Any) -> str:
        result = await self.run(*arguments, **options)
        assert result.exit_code == 0, result.output
        return result.stdout

    async def refusal(self, *arguments: str, code: int = 1) -> str:
        result = await self.run(*arguments)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        return result.stderr

    async def stored(self, user: User) -> User:
        async with self.app.state.database.reading() as session:
            found: User = await session.get_one(User, user.id)
            return found

    async def store(self, *rows: object) -> None:
        async with self.app.state.database.writing() as session:
            session.add_all(rows)
            await session.commit()

    async def choose_password(self, link: str, password: str = ANOTHER) -> int:
        client = await self.users.client()
        data = {"token": token_in(link), "password": password}
        return (await client.post("/auth/reset-password", json=data)).status_code

    async def log_in(self, login: str, password: str = ANOTHER) -> int:
        return (await log_in(await self.users.client(), login, password)).status_code

    async def audited(self) -> list[str]:
        async with self.app.state.database.reading() as session:
            events = list(await session.scalars(select(AuditEvent).order_by(AuditEvent.id)))
        assert {event.user_agent for event in events} <= {"command line"}
        return [event.action for event in events]


@pytest.fixture
def shell(live_app: FastAPI, live_users: Users) -> Shell:
    return Shell(live_app, live_users)


async def test_accounts_are_listed_for_people_and_for_scripts(shell: Shell) -> None:
    await shell.users.user(username="anna")
    await shell.users.user(Role.AUTHOR, username="wen", is_active=False)
    await shell.users.user(Role.AUTHOR, username="zoe", email=None, pending_email="zoe@example.com")

    async def names(*options: str) -> list[str]:
        return [json.loads(line)["username"] for line in (await shell.done("list", "--json", *options)).splitlines()]

    assert await names() == ["zoe", "wen", "anna"]
    assert await names("--limit", "2") == ["zoe", "wen"]
    assert await names("--role", "author", "--inactive") == ["wen"]
    assert await names("--search", "ANN") == ["anna"]
    assert await names("--search", "nobody") == []
    head, *rows = [line.split() for line in (await shell.done("list")).splitlines() if line.strip(" ─")]
    assert head[:3] == ["ID", "Username", "Email"]
    assert [row[1:6] for row in rows] == [
        ["zoe", "(zoe@example.com)", "author", "yes", "yes"],
        ["wen", "wen@example.com", "author", "no", "yes"],
        ["anna", "anna@example.com", "reader", "yes", "yes"],
    ]


async def test_one_account_is_shown_by_any_of_its_names(shell: Shell) -> None:
    anna = await shell.users.user(username="anna")

    shown = [
        json.loads(await shell.done("show", name, "--json")) for name in ("Anna", "ANNA@example.com", f"#{anna.id}")
    ]

    assert [account["id"] for account in shown] == [anna.id] * 3
    assert {"email", "role", "is_active", "is_verified", "has_second_factor"} <= shown[0].keys()
    assert "hashed_password" not in shown[0]
    assert re.search(r"^username: +anna$", await shell.done("show", "anna"), re.MULTILINE)
    for login in ("nobody", "nobody@example.com", f"#{anna.id + 1}", "#x", "#", "", f"#{10**30}"):
        assert await shell.refusal("show", login) == "Account not found.\n"


async def test_an_account_is_made_with_a_password(shell: Shell) -> None:
    new = ("create", "--email", "Wen@example.com", "--username", "Wen", "--role", "editor", "--password-stdin")

    assert await shell.done(*new, stdin=f"{ANOTHER}\n") == "Created the editor wen (wen@example.com).\n"

    assert await shell.log_in("wen") == 200
    again = await shell.run(*new, stdin=f"{ANOTHER}\n")
    # Both are taken, and which of them is named is up to the database.
    assert again.exit_code == 4
    assert again.stderr in {"An account with this email address already exists.\n", "This username is already taken.\n"}


async def test_an_account_is_made_with_a_link_to_choose_the_password(shell: Shell) -> None:
    printed = await shell.done("create", "--email", "wen@example.com", "--username", "wen")
    assert printed.startswith("Created the reader wen (wen@example.com).\n")

    assert await shell.choose_password(printed) == 204
    assert await shell.choose_password(printed) == 403
    assert await shell.log_in("wen@example.com") == 200
    taken = await shell.refusal("create", "--email", "w@example.com", "--username", "wen", code=4)
    assert taken == "This username is already taken.\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--email", "wen", "--username", "wen"), "email:"),
        (("--email", "wen@example.com", "--username", "w n"), "username:"),
    ],
)
@pytest.mark.one_database
async def test_what_the_api_would_refuse_is_refused(shell: Shell, options: tuple[str, ...], complaint: str) -> None:
    assert (await shell.refusal("create", *options)).startswith(complaint)


async def test_an_account_gets_another_role_and_state(shell: Shell) -> None:
    wen = await shell.users.user(username="wen")
    client = await shell.users.client_for(wen)

    assert await shell.done("set-role", "wen", "editor") == "wen now has the role editor.\n"
    assert (await shell.stored(wen)).role is Role.EDITOR
    assert await shell.done("deactivate", "wen") == "wen is deactivated.\n"
    assert not (await shell.stored(wen)).is_active
    assert (await client.get("/users/me")).status_code == 401
    assert "Reactivate it first" in await shell.refusal("reset-password", "wen")
    assert await shell.done("reactivate", "wen") == "wen is active.\n"
    assert (await shell.stored(wen)).is_active
    assert {"account.role_changed", "account.deactivated", "account.reactivated"} <= set(await shell.audited())


async def test_the_last_admin_stays(shell: Shell) -> None:
    root = await shell.users.user(Role.ADMIN, username="root")

    for command in (("set-role", "root", "author"), ("deactivate", "root"), ("delete", "root", "--yes")):
        assert (await shell.refusal(*command)).startswith("This is the last active admin")

    assert (await shell.stored(root)).role is Role.ADMIN
    assert await shell.audited() == []


async def test_a_link_to_choose_another_password_is_printed_or_mailed(shell: Shell) -> None:
    await with_password(shell.users, username="wen")

    printed = await shell.done("reset-password", "wen")
    assert await shell.log_in("wen", PASSWORD) == 200
    assert await shell.choose_password(printed) == 204
    assert await shell.log_in("wen") == 200

    told = await shell.done("reset-password", "wen", "--mail")
    assert "mailed to wen@example.com" in told
    assert "token" not in told
    mail = (await mails_waiting(shell.app))[-1]
    assert mail.recipient == "wen@example.com"
    assert await shell.choose_password(mail.text, PASSWORD) == 204


async def test_an_account_is_logged_out_everywhere(shell: Shell) -> None:
    wen = await shell.users.user(username="wen")
    client = await shell.users.client_for(wen)

    assert await shell.done("revoke-sessions", "wen") == "wen has been logged out everywhere.\n"

    assert (await client.get("/users/me")).status_code == 401


async def test_whoever_lost_the_second_factor_gets_in_without_it(shell: Shell) -> None:
    wen = await with_password(shell.users, username="wen", has_second_factor=True)
    await shell.store(Totp(user_id=wen.id, encrypted_secret="?", confirmed_at=wen.created_at))
    assert await shell.log_in("wen", PASSWORD) == 401

    await shell.done("remove-second-factor", "wen")

    assert await shell.log_in("wen", PASSWORD) == 200
    assert await shell.refusal("remove-second-factor", "wen") == "wen has no second factor.\n"


async def test_an_imported_author_claims_the_account(shell: Shell) -> None:
    author = await shell.users.user(
        Role.AUTHOR, username="parkr", email="parkr@unclaimed.invalid", is_verified=False, hashed_password=UNUSABLE
    )
    await shell.users.user(username="wen")

    assert await shell.refusal("claim", "parkr", "--email", "wen@example.com", code=4)
    printed = await shell.done("claim", "parkr", "--email", "Parker@example.com")
    assert not (await shell.stored(author)).is_verified
    assert await shell.choose_password(printed) == 204

    claimed = await shell.stored(author)
    assert (claimed.email, claimed.is_verified) == ("parker@example.com", True)
    assert await shell.log_in("parker@example.com") == 200
    assert "already has an owner" in await shell.refusal("claim", "parkr", "--email", "mallory@example.com")


async def test_a_deleted_account_leaves_its_articles_behind(shell: Shell) -> None:
    wen, successor = await shell.users.user(Role.AUTHOR, username="wen"), await shell.users.user(Role.AUTHOR)
    for slug in ("one", "two"):
        await shell.store(an_article(wen.id, slug))
    reader = await shell.users.client()

    async def author_of(slug: str) -> str | None:
        response = await reader.get(f"/articles/{slug}")
        return response.json()["author"]["username"] if response.status_code == 200 else None

    assert (await shell.run("delete", "wen", stdin="n\n")).exit_code == 1
    assert await author_of("one") == "wen"
    assert "can only be handed over" in await shell.refusal("delete", "wen", "--yes", "--hand-over-to", "nobody")
    assert "can only be handed over" in await shell.refusal("delete", "wen", "--yes", "--hand-over-to", "wen")
    both = ("--yes", "--hand-over-to", successor.username, "--remove-articles")
    assert (await shell.run("delete", "wen", *both)).exit_code == 2

    await shell.done("delete", "wen", "--yes", "--hand-over-to", successor.username)
    assert [await author_of(slug) for slug in ("one", "two")] == [successor.username] * 2
    assert await shell.done("delete", f"#{successor.id}", stdin="y\n")
    assert [await author_of(slug) for slug in ("one", "two")] == [f"deleted.{successor.id}"] * 2

    zoe = await shell.users.user(Role.AUTHOR, username="zoe")
    await shell.store(an_article(zoe.id, "three"))
    await shell.done("delete", "zoe", "--yes", "--remove-articles")
    assert await author_of("three") is None
    assert await shell.refusal("show", "zoe") == "Account not found.\n"
    assert (await shell.audited()).count("account.deleted") == 3


async def test_a_database_that_cannot_be_used_is_named(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('empty')}/blog.db"
    refused = await shell.run("list", DATABASE_URL=empty)
    assert refused.exit_code == 3
    assert "no tables yet" in refused.stderr
