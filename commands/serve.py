"""Runs the server: `./start.sh`, or `python -m commands.serve` once everything is installed."""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import write_environment_file
from commands.runtime import UNUSABLE_SETTINGS, load_settings, refuse
from commands.serving.database import prepare_database
from commands.serving.warnings import warnings_for_production
from commands.terminal import start

# What takes long to import is imported where it is used, so that --help and refusals come at once.
if TYPE_CHECKING:
    from app.core.config import Settings

_ROOT = Path(__file__).resolve().parent.parent
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - for what is printed only

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (overrides HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (overrides PORT).")] = None,
    workers: Annotated[int | None, typer.Option(help="Number of worker processes (overrides WORKERS).")] = None,
    *,
    reload: Annotated[bool, typer.Option("--reload", help="Restart when the code changes (development only).")] = False,
) -> None:
    """Create what is missing (.env, folders, the database), then serve the API until stopped."""
    # Being asked to stop is no failure. Once the server runs it stops by its own means, then passes the signal on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))

    _ensure_environment_file()
    settings = _load_settings(HOST=host, PORT=port, WORKERS=workers)
    _refuse_what_is_for_development(settings, reload=reload)
    _make_folders(settings)
    _require_free_port(settings.host, settings.port)
    prepare_database(settings)
    _print_urls(settings)
    _run(settings, reload=reload)


def _ensure_environment_file() -> None:
    try:
        if write_environment_file(_ROOT / ".env.example", Path(".env")):
            typer.echo("Wrote .env with generated secrets.")
    except OSError as error:
        # Not fatal: where the folder is read-only, the settings usually come from the environment.
        typer.echo(f".env could not be written: {error.strerror}.", err=True)


def _load_settings(**options: str | int | None) -> "Settings":
    # Through the environment, so that the application, which reads its settings itself, sees the same.
    os.environ.update({name: str(value) for name, value in options.items() if value is not None})
    return load_settings()


def _refuse_what_is_for_development(settings: "Settings", *, reload: bool) -> None:
    from app.core.config import Environment

    if settings.environment is not Environment.PRODUCTION:
        return
    if reload:
        refuse("--reload is only allowed in development.", code=UNUSABLE_SETTINGS)
    for warning in warnings_for_production(settings):
        typer.echo(f"Warning: {warning}", err=True)


def _make_folders(settings: "Settings") -> None:
    from sqlalchemy.engine import make_url

    folders = [settings.var_dir, settings.mail_dir]
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            refuse("DATABASE_URL: a database in memory would be lost with the server; write sqlite:///var/blog.db.")
        folders.append(Path(url.database).parent)
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            refuse(f"The folder {folder} cannot be created: {error.strerror}.")


def _require_free_port(host: str, port: int) -> None:
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        refuse(f"The server cannot listen on {host}, port {port}: {error.strerror}. Use --host and --port, or .env.")


def _print_urls(settings: "Settings") -> None:
    host = _EVERY_ADDRESS.get(settings.host, settings.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    typer.echo(f"API:            {address}/api/v1")
    if settings.shows_docs:
        typer.echo(f"API docs:       {address}/docs")
    typer.echo(f"Runtime files:  {settings.var_dir.resolve()}")
    if settings.mail_server is None:
        typer.echo(f"Emails:         {settings.mail_dir.resolve()} (MAIL_SERVER is not set)")


def _run(settings: "Settings", *, reload: bool) -> None:
    from app.core import logging
    from commands.serving.server import DrainingServer, ServerConfig

    logging.configure(settings)
    config = ServerConfig(settings, reload=reload)
    server = DrainingServer(config)
    if reload:
        from uvicorn.supervisors import ChangeReload

        ChangeReload(config, target=server.run, sockets=[config.bind_socket()]).run()
    elif settings.workers > 1:
        from commands.serving.workers import supervise

        supervise(config, settings.var_dir)
    else:
        server.run()


if __name__ == "__main__":
    start(cli)
