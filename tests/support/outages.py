"""Databases that cannot be used."""

from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.databases import Template


def unusable_databases(template: Template, folder: Path) -> list[str]:
    """URLs of databases of this kind that are unusable, each in its own way."""
    if template.is_sqlite:
        return [f"sqlite+aiosqlite:///{folder}", f"sqlite+aiosqlite:///{folder / 'no such folder' / 'blog.db'}"]
    url = make_url(template.url)
    nobody_listens, nobody_gets_in = url.set(host="127.0.0.1", port=1), url.set(database="no_such_database")
    return [address.render_as_string(hide_password=False) for address in (nobody_listens, nobody_gets_in)]
