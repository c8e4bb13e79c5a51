"""Making admins from the command line."""

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.core.config import Settings
from tests.support.commands import run_command
from tests.support.users import Users

PASSWORD = "correct horse battery"
MODULE = "commands.create_superuser"
NAMED = ("--email", "Root@Example.com", "--username", "Root")


@pytest.fixture
def settings(live_app: FastAPI) -> Settings:
    configured: Settings = live_app.state.settings
    return configured


async def log_in(users: Users, username: str) -> httpx.Response:
    client = await users.client()
    return await client.post("/auth/login", data={"username": username, "password": PASSWORD})


async def test_the_new_admin_can_log_in_and_see_all_accounts(settings: Settings, live_users: Users) -> None:
    made = await run_command(settings, MODULE, *NAMED, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (made.exit_code, made.stdout) == (0, "Created the admin root (root@example.com).\n"), made.stderr

    login = await log_in(live_users, "root")
    client = await live_users.client()
    accounts = await client.get("/users", headers={"Authorization": f"Bearer {login.json()['access_token']}"})

    assert [(user["username"], user["role"]) for user in accounts.json()["items"]] == [("root", "admin")]


async def test_the_password_may_come_from_the_environment(settings: Settings, live_users: Users) -> None:
    assert (await run_command(settings, MODULE, *NAMED, SUPERUSER_PASSWORD=PASSWORD)).exit_code == 0
    assert (await log_in(live_users, "root")).status_code == 200


async def test_what_is_not_given_is_asked_for(settings: Settings, live_users: Users) -> None:
    made = await run_command(settings, MODULE, stdin="root@example.com\nroot\n", SUPERUSER_PASSWORD=PASSWORD)
    assert made.exit_code == 0, made.stderr
    assert (await log_in(live_users, "root")).status_code == 200


async def test_an_account_that_exists_has_an_exit_code_of_its_own(settings: Settings) -> None:
    await run_command(settings, MODULE, *NAMED, SUPERUSER_PASSWORD=PASSWORD)

    again = await run_command(settings, MODULE, *NAMED, SUPERUSER_PASSWORD=PASSWORD)

    assert again.exit_code == 4
    assert "Use --promote" in again.stderr


async def test_an_existing_account_is_promoted(settings: Settings, live_users: Users) -> None:
    reader = await live_users.user(username="wen", is_verified=False, is_active=False)
    promoted = await run_command(settings, MODULE, "--promote", "--email", "WEN@example.com")
    assert promoted.exit_code == 0, promoted.stderr

    async with live_users.app.state.database.reading() as session:
        client = await live_users.client_for(await session.get_one(User, reader.id))

    assert (await client.get("/users")).status_code == 200


async def test_an_account_that_does_not_exist_cannot_be_promoted(settings: Settings) -> None:
    refused = await run_command(settings, MODULE, "--promote", "--username", "nobody")
    assert (refused.exit_code, refused.stderr) == (1, "Account not found.\n")


@pytest.mark.parametrize(
    ("email", "username", "password", "complaint"),
    [
        ("root", "root", PASSWORD, "email:"),
        ("root@example.com", "r t", PASSWORD, "username:"),
        ("root@example.com", "root", "short", "password:"),
        ("root@example.com", "root", "1234567890", "too easy to guess"),
        ("root@example.com", "longusername", "longusername", "must not be"),
    ],
)
@pytest.mark.one_database
async def test_what_the_api_would_refuse_is_refused(
    settings: Settings, email: str, username: str, password: str, complaint: str
) -> None:
    refused = await run_command(settings, MODULE, "--email", email, "--username", username, SUPERUSER_PASSWORD=password)
    assert refused.exit_code == 1
    assert complaint in refused.stderr
    assert password not in refused.stderr or password == username


@pytest.mark.parametrize("domain", ["localhost", "nas.home.arpa", "corp.internal"])
async def test_private_domains_have_to_be_asked_for_in_production(settings: Settings, domain: str) -> None:
    options = ("--email", f"root@{domain}", "--username", "root")
    given = {"SUPERUSER_PASSWORD": PASSWORD, "ENVIRONMENT": "production"}

    refused = await run_command(settings, MODULE, *options, **given)
    assert (refused.exit_code, refused.stderr) == (1, "Email addresses at this domain are not accepted.\n")
    made = await run_command(settings, MODULE, *options, **given, PRIVATE_EMAIL_DOMAINS="true")
    assert made.exit_code == 0, made.stderr


async def test_an_account_is_found_by_every_form_of_its_domain(settings: Settings) -> None:
    options = ("--email", "root@b\u00fccher.de", "--username", "root")
    assert (await run_command(settings, MODULE, *options, SUPERUSER_PASSWORD=PASSWORD)).exit_code == 0

    promoted = await run_command(settings, MODULE, "--promote", "--email", "Root@XN--bcher-kva.de")
    assert (promoted.exit_code, promoted.stdout) == (0, "root (root@b\u00fccher.de) is now an admin.\n")


async def test_a_database_without_tables_is_named(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('empty')}/blog.db"
    refused = await run_command(settings, MODULE, *NAMED, SUPERUSER_PASSWORD=PASSWORD, DATABASE_URL=empty)
    assert refused.exit_code == 3
    assert "no tables yet" in refused.stderr
