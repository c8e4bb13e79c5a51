"""Blogs with accounts and nothing else, each on a database of its own."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
from pwdlib.hashers.argon2 import Argon2Hasher

from app.accounts.models import User
from app.core.roles import Role
from app.db.migrations import upgrade
from app.db.session import open_database
from tests.chaos.ledger import Ledger
from tests.chaos.load import API
from tests.chaos.postgresql import PostgresqlCluster
from tests.chaos.verification import Fetch, sqlite_fetch

PASSWORD = "nine lamps and a table"
ACCOUNTS = {"root": Role.ADMIN, "ann": Role.AUTHOR, "rita": Role.READER}


@dataclass(frozen=True)
class BlogDatabase:
    """`path` is where it is, on SQLite; `name` what PostgreSQL calls it; `ledger` is all that was written to it."""

    url: str
    fetch: Fetch
    path: Path | None = None
    name: str = ""
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def system(self) -> str:
        return "SQLite" if self.path else "PostgreSQL"


async def fill(url: str) -> None:
    """Tables and accounts."""
    await upgrade(url)
    hashed = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    database = open_database(url)
    async with database.writing() as session:
        for name, role in ACCOUNTS.items():
            values = {"email": f"{name}@example.com", "username": name, "display_name": name.title(), "role": role}
            session.add(User(**values, hashed_password=hashed, is_verified=True))
        await session.commit()
    await database.dispose()


def sqlite_copy(template: Path, folder: Path) -> BlogDatabase:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "blog.db"
    shutil.copy(template, path)
    return BlogDatabase(f"sqlite+aiosqlite:///{path}", sqlite_fetch(path), path=path)


async def postgresql_copy(cluster: PostgresqlCluster, template: str) -> BlogDatabase:
    name = f"blog_{uuid4().hex[:8]}"
    await cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = f"postgresql+asyncpg://postgres@127.0.0.1:{cluster.port}/{name}"
    return BlogDatabase(url, lambda query: cluster.fetch(query, name), name=name)


async def log_in(url: str, username: str = "root") -> str:
    """An access token."""
    async with httpx.AsyncClient(base_url=url + API, timeout=15) as client:
        response = await client.post("/auth/login", data={"username": username, "password": PASSWORD})
    token: str = response.json()["access_token"]
    return token
