"""Changing the secrets that tokens are signed with."""

import asyncio
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from typer.testing import Result

from app.accounts.errors import InvalidAccessToken
from app.accounts.models import Totp, User
from app.accounts.user_manager import AccessTokens
from app.audit.models import AuditEvent
from app.core.config import SECRETS, Settings
from app.core.encryption import Cipher
from app.main import create_app
from commands import secrets
from commands.environment_file import NotThere, change_lists
from tests.conftest import SECRET
from tests.support.commands import run_command
from tests.support.users import Users

MODULE = "commands.secrets"
NOTHING = dict.fromkeys((name.upper() for name in SECRETS), "")
TOTP = "JBSWY3DPEHPK3PXP"
# For what does not depend on the database; a copy of one takes time.
ONE_DATABASE = pytest.mark.parametrize("template", ["sqlite"], indirect=True)


class Blog:
    """A blog whose secrets are in its `.env`, and somebody who is logged in."""

    def __init__(self, app: FastAPI, users: Users, user: User, client: httpx.AsyncClient) -> None:
        self.app = app
        self.users = users
        self.user = user
        self.client = client
        self.file: Path = app.state.settings.var_dir / ".env"

    async def run(self, *arguments: str, **environment: str) -> Result:
        return await run_command(self.app.state.settings, MODULE, *arguments, **{**NOTHING, **environment})

    def held(self, name: str = "ACCESS_SECRET_KEY") -> list[str]:
        return [key.get_secret_value() for key in getattr(Settings(_env_file=self.file), name.lower())]

    async def status_after_restart(self) -> int:
        """What whoever has been logged in all the time gets from a server that has just been started."""
        settings: Settings = self.app.state.settings
        url, var_dir = settings.database_url, settings.var_dir
        app = create_app(Settings(_env_file=self.file, database_url=url, var_dir=var_dir))
        app.state.database = self.app.state.database
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=self.client.base_url) as client:
            return (await client.get("/users/me", headers=self.client.headers)).status_code

    async def store_totp(self, *secrets: str, user: User | None = None) -> None:
        row = Totp(user_id=(user or self.user).id, encrypted_secret=Cipher(secrets).encrypt(TOTP))
        async with self.app.state.database.writing() as session:
            await session.merge(row)
            await session.commit()

    async def stored_totp(self) -> str:
        async with self.app.state.database.reading() as session:
            return str(await session.scalar(select(Totp.encrypted_secret).where(Totp.user_id == self.user.id)))

    async def audited(self) -> list[tuple[str, object]]:
        async with self.app.state.database.reading() as session:
            rows = await session.execute(select(AuditEvent.action, AuditEvent.details).order_by(AuditEvent.id))
            return [(action, details) for action, details in rows]


@pytest.fixture
async def blog(live_app: FastAPI, live_users: Users) -> Blog:
    user = await live_users.user()
    blog = Blog(live_app, live_users, user, await live_users.client_for(user))
    lines = [f"{name.upper()}={SECRET}" for name in SECRETS]
    blog.file.write_text("# Mine\n" + "\n".join(lines) + "\nSITE_NAME='A # blog'\n", encoding="utf-8")
    return blog


async def test_what_the_old_secret_signed_works_until_it_is_dropped(blog: Blog) -> None:
    rotated = await blog.run("rotate")
    assert rotated.exit_code == 0, rotated.output
    assert "Restart" in rotated.stdout
    assert [len(blog.held(name.upper())) for name in SECRETS] == [2, 2, 2]
    assert blog.held()[1] == SECRET
    assert len({blog.held(name.upper())[0] for name in SECRETS}) == 3
    assert await blog.status_after_restart() == 200

    dropped = await blog.run("drop-old")
    assert dropped.exit_code == 0, dropped.output
    assert len(blog.held()) == 1
    assert await blog.status_after_restart() == 401
    every = ["access_secret_key", "reset_password_secret_key", "verification_secret_key"]
    assert await blog.audited() == [
        ("secrets.rotated", {"settings": every}),
        ("secrets.old_dropped", {"settings": every}),
    ]
    assert not any(key in rotated.output + dropped.output for key in [SECRET, *blog.held()])


@ONE_DATABASE
async def test_new_tokens_are_signed_with_the_new_secret(blog: Blog) -> None:
    await blog.run("rotate", "--only", "access")
    new = Settings(_env_file=blog.file)
    old = new.model_copy(update={"access_secret_key": new.access_secret_key[1:]})

    token = await AccessTokens(new).write_token(blog.user, 1)

    assert AccessTokens(new).claims_of(token).user_id == blog.user.id
    with pytest.raises(InvalidAccessToken):
        AccessTokens(old).claims_of(token)


@ONE_DATABASE
async def test_everything_else_in_the_file_stays(blog: Blog) -> None:
    before = blog.file.read_text()

    await blog.run("rotate", "--only", "reset")

    changed = [line for line in blog.file.read_text().splitlines() if line not in before.splitlines()]
    assert [line.partition("=")[0] for line in changed] == ["RESET_PASSWORD_SECRET_KEY"]
    assert before.splitlines()[::4] == blog.file.read_text().splitlines()[::4] == ["# Mine", "SITE_NAME='A # blog'"]
    assert blog.file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in blog.file.parent.iterdir() if path.name.startswith(".env")] == [".env"]


@ONE_DATABASE
async def test_no_more_than_the_previous_secret_is_kept_unless_more_are_asked_for(blog: Blog) -> None:
    await blog.run("rotate")
    first = blog.held()[0]
    await blog.run("rotate")
    assert blog.held()[1:] == [first]

    await blog.run("rotate", "--keep", "2")
    assert len(blog.held()) == 3
    await blog.run("rotate", "--keep", "0")
    assert len(blog.held()) == 1


@ONE_DATABASE
async def test_the_secrets_of_the_example_are_not_kept(blog: Blog) -> None:
    blog.file.write_text(blog.file.read_text().replace(SECRET, "change-me-to-a-random-text-of-32-bytes-or-more"))

    assert (await blog.run("rotate")).exit_code == 0

    assert "change-me" not in blog.file.read_text()


async def test_authenticator_apps_outlive_their_secret(blog: Blog) -> None:
    await blog.store_totp(SECRET)

    rotated = await blog.run("rotate")
    assert "re-encrypted: 1" in rotated.stdout, rotated.output
    assert (await blog.run("drop-old")).exit_code == 0

    assert Cipher(blog.held()).decrypt(await blog.stored_totp()) == TOTP


async def test_two_who_rotate_at_once_lose_nothing(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    await blog.store_totp(SECRET)
    for name, value in {**NOTHING, "DATABASE_URL": blog.app.state.settings.database_url}.items():
        monkeypatch.setenv(name, value)

    # Not as commands: two of these in one process would share what they print.
    await asyncio.gather(*(anyio.to_thread.run_sync(secrets.rotate, None, blog.file, 1) for _ in range(2)))

    assert len(blog.held()) == 2
    assert SECRET not in blog.held()
    assert Cipher(blog.held()[:1]).decrypt(await blog.stored_totp()) == TOTP


async def test_an_old_secret_that_is_still_needed_is_not_dropped(blog: Blog) -> None:
    await blog.run("rotate")
    await blog.store_totp(SECRET)
    before = blog.file.read_text()

    refused = await blog.run("drop-old")
    assert refused.exit_code == 1
    assert f"#{blog.user.id} cannot be decrypted with the newest ACCESS_SECRET_KEY alone" in refused.stderr
    assert blog.file.read_text() == before

    assert (await blog.run("reencrypt")).stdout == "Authenticator app secrets re-encrypted: 1.\n"
    assert (await blog.run("drop-old")).exit_code == 0
    assert Cipher(blog.held()).decrypt(await blog.stored_totp()) == TOTP


@ONE_DATABASE
async def test_what_was_interrupted_midway_is_made_up_for_by_the_next_time(blog: Blog) -> None:
    """The file has the new secret, and the database does not know it yet."""
    await blog.store_totp(SECRET)
    text = blog.file.read_text()
    blog.file.write_text(text.replace(f"ACCESS_SECRET_KEY={SECRET}", f"ACCESS_SECRET_KEY={'n' * 40},{SECRET}"))

    assert (await blog.run("rotate")).exit_code == 0

    assert blog.held()[1:] == ["n" * 40]
    assert Cipher(blog.held()[:1]).decrypt(await blog.stored_totp()) == TOTP


@ONE_DATABASE
async def test_an_authenticator_app_that_no_secret_reads_is_named(blog: Blog) -> None:
    await blog.store_totp("another secret altogether, long ago")

    rotated, again = await blog.run("rotate"), await blog.run("reencrypt")

    assert (rotated.exit_code, again.exit_code) == (0, 1)
    for result in (rotated, again):
        assert f"#{blog.user.id} cannot be decrypted with any secret" in result.stderr


@ONE_DATABASE
async def test_nothing_is_changed_without_a_database(blog: Blog) -> None:
    before = blog.file.read_text()

    refused = await blog.run("rotate", DATABASE_URL="postgresql://nobody@127.0.0.1:1/blog")

    assert refused.exit_code == 3
    assert "cannot be used" in refused.stderr
    assert blog.file.read_text() == before


@ONE_DATABASE
async def test_what_the_environment_sets_is_not_changed_in_a_file(blog: Blog) -> None:
    before = blog.file.read_text()

    refused = await blog.run("rotate", ACCESS_SECRET_KEY=SECRET)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("ACCESS_SECRET_KEY is set in the environment")
    assert SECRET not in refused.output
    assert blog.file.read_text() == before
    assert (await blog.run("rotate", "--only", "reset", ACCESS_SECRET_KEY=SECRET)).exit_code == 0


@ONE_DATABASE
async def test_a_value_made_of_another_one_is_left_alone(blog: Blog) -> None:
    blog.file.write_text(blog.file.read_text().replace(f"ACCESS_SECRET_KEY={SECRET}", "ACCESS_SECRET_KEY=${OTHER}"))
    blog.file.write_text(f"OTHER='{SECRET}'\n{blog.file.read_text()}")
    before = blog.file.read_text()

    refused = await blog.run("rotate")

    assert refused.exit_code == 1
    assert "write its value out" in refused.stderr
    assert blog.file.read_text() == before


@ONE_DATABASE
async def test_with_one_secret_there_is_nothing_to_drop(blog: Blog) -> None:
    dropped = await blog.run("drop-old")
    assert (dropped.exit_code, dropped.stdout) == (0, "There are no old secrets.\n")


# --- The file ----------------------------------------------------------------------------------------------------

ODD = ["plain-secret-that-is-long-enough-to-be-one", 'it\'s, \\ "odd" # and $long [enough] to be one, ü']


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("KEY=old\n", "KEY=new\n"),
        ("A=1\r\nKEY = old # mine\r\nB=2", "A=1\r\nKEY = new # mine\r\nB=2"),
        ("  export key='o\\'ld' # mine\nB=2\n", "  export key=new # mine\nB=2\n"),
        ('KEY="o\nld"\nB=2\n', "KEY=new\nB=2\n"),
        ("KEY=1\nKEY=2\n", "KEY=1\nKEY=new\n"),
        ("\ufeffKEY=old#er\n# KEY=no\n", "\ufeffKEY=new\n# KEY=no\n"),
        ("\n\n# A\nKEY=", "\n\n# A\nKEY=new"),
    ],
)
def test_a_value_changes_and_nothing_around_it(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "settings.env"
    file.write_bytes(before.encode())

    change_lists(file, {"key": ["new"]})

    assert file.read_bytes().decode() == after


@pytest.mark.parametrize("values", [ODD[:1], ODD[1:], ODD, ODD[::-1]])
def test_a_list_is_read_as_it_was_written(tmp_path: Path, values: list[str]) -> None:
    file = tmp_path / "settings.env"
    file.write_text("".join(f"{name.upper()}={SECRET}\n" for name in SECRETS))

    change_lists(file, {"access_secret_key": values})

    settings = Settings(_env_file=file)
    assert [key.get_secret_value() for key in settings.access_secret_key] == values


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "real", tmp_path / "link"
    file.write_text("KEY=old\n")
    link.symlink_to(file)

    change_lists(link, {"key": ["new"]})

    assert link.is_symlink()
    assert file.read_text() == "KEY=new\n"


def test_a_setting_that_is_not_there_is_not_added(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("KEY=old\n")

    with pytest.raises(NotThere, match="OTHER is not set in it"):
        change_lists(file, {"key": ["new"], "other": ["new"]})

    assert file.read_text() == "KEY=old\n"


async def test_what_a_killed_rotation_left_does_not_stay(blog: Blog) -> None:
    left = blog.file.with_name(f"{blog.file.name}.part")
    left.write_text(f"ACCESS_SECRET_KEY={SECRET}\n")

    assert (await blog.run("rotate")).exit_code == 0

    assert not left.exists()
