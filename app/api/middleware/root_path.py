"""The path below which a proxy serves the API, `ROOT_PATH`."""

import re

from starlette.types import Scope

from app.api.route_table import RouteTable


class RootPath:
    """Takes the path off requests whose proxy has left it on, so that nothing else needs to know about it.

    The other way round, whatever tells a client where something is puts `settings.root_path` in front.
    """

    def __init__(self, path: str, table: RouteTable) -> None:
        self._path = path
        # Clients may encode any of its characters, which are all ASCII.
        self._raw_path = re.compile(rb"(?:%%[0-9A-Fa-f]{2}|[^%%]){%d}" % len(path))
        # Below `/api`, `/api/v1` is what a proxy has taken it off already, and `/api/api/v1` is not.
        self._first_segments = {_first_segment(route.template) for route in table.routes}

    def without(self, scope: Scope) -> Scope:
        """The scope, with a path as the routes have it."""
        path: str = scope["path"]
        rest = path.removeprefix(self._path)
        if not self._path or rest == path or _first_segment(rest) not in self._first_segments:
            return scope
        return {**scope, "path": rest, "raw_path": self._raw_path.sub(b"", scope.get("raw_path", b""), count=1)}


def _first_segment(path: str) -> str:
    return "/".join(path.split("/", 2)[:2])
