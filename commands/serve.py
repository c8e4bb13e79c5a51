"""Runs the server: `./start.sh`, or `python -m commands.serve` once everything is installed."""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import write_environment_file
from commands.runtime import load_settings, refuse, run

# What takes long to import is imported where it is used, so that --help and refusals come at once.
if TYPE_CHECKING:
    from app.core.config import Settings

_ROOT = Path(__file__).resolve().parent.parent
_CONNECT_TIMEOUT_SECONDS = 10
_SHUTDOWN_TIMEOUT_SECONDS = 10
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - for what is printed only

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Listen on this address instead of the one set as HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port instead of the one set as PORT.")] = None,
    *,
    reload: Annotated[bool, typer.Option("--reload", help="Restart whenever the code changes.")] = False,
) -> None:
    """Prepare what is missing (.env, folders, the database), then serve the API until stopped."""
    # Being asked to stop is no failure. Once the server runs it stops by its own means, then passes the signal on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))

    _ensure_environment_file()
    settings = _load_settings(host, port)
    _make_folders(settings)
    _require_free_port(settings.host, settings.port)
    run(settings.database_url, lambda: _migrate(settings.database_url))
    _announce(settings)
    _run(settings, reload=reload)


def _ensure_environment_file() -> None:
    try:
        if write_environment_file(_ROOT / ".env.example", Path(".env")):
            typer.echo("Wrote .env with generated secrets.")
    except OSError as error:
        # Not fatal: where the folder is read-only, the settings usually come from the environment.
        typer.echo(f".env could not be written: {error.strerror}.", err=True)


def _load_settings(host: str | None, port: int | None) -> "Settings":
    # Through the environment, so that the application, which reads its settings itself, sees the same.
    if host is not None:
        os.environ["HOST"] = host
    if port is not None:
        os.environ["PORT"] = str(port)
    return load_settings()


def _make_folders(settings: "Settings") -> None:
    from sqlalchemy.engine import make_url

    folders = [settings.var_dir, settings.mail_dir]
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        folders.append(Path(url.database).parent)
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            refuse(f"The folder {folder} cannot be made: {error.strerror}.")


def _require_free_port(host: str, port: int) -> None:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        refuse(f"The server cannot listen on {host}, port {port}: {error.strerror}. Use --host and --port, or .env.")


async def _migrate(database_url: str) -> None:
    from app.db.migrations import upgrade

    await _connect_once(database_url)
    await upgrade(database_url)


async def _connect_once(database_url: str) -> None:
    """Find out soon, rather than in the middle of a migration, that there is no database."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url, connect_args={"timeout": _CONNECT_TIMEOUT_SECONDS})
    try:
        async with engine.connect():
            pass
    finally:
        await engine.dispose()


def _announce(settings: "Settings") -> None:
    host = _EVERY_ADDRESS.get(settings.host, settings.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    typer.echo(f"The API:        {address}/api/v1")
    typer.echo(f"Its docs:       {address}/docs")
    typer.echo(f"Runtime files:  {settings.var_dir.resolve()}")
    if settings.mail_server is None:
        typer.echo(f"Mails:          {settings.mail_dir.resolve()} (no MAIL_SERVER is set)")


def _run(settings: "Settings", *, reload: bool) -> None:
    import uvicorn

    from app.core import logging

    logging.configure(settings.log_level)
    uvicorn.run(
        "app.main:app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        reload=reload,
        reload_dirs=[str(_ROOT / "app")] if reload else None,
        log_config=None,
        server_header=False,
        # Which proxies to believe is a setting of the application's own.
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT_SECONDS,
    )


if __name__ == "__main__":
    cli()
