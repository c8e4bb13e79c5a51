"""The phases of a run: each starts the servers that it compares, and measures them alternately."""

import json
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

from benchmarks.baselines.recorded import FILE, record
from benchmarks.corpus import Size
from benchmarks.interleaving import Bench, Measurement, same
from benchmarks.operations import Operations, access_tokens, begun_articles, operations_on
from benchmarks.servers import APP, Response, Server
from benchmarks.wrk import InvalidRunError, Request

# Enough for wrk to find another request each time, whatever the server.
_REQUESTS_A_SECOND = {"mixed": 4_000, "reads": 20_000, "articles": 500, "comments": 2_000}
# Of many that are slow, those that are under way at the end would be missing from the count.
_WRITERS = 4
GRANIAN = "granian"


def has_granian() -> bool:
    return find_spec(GRANIAN) is not None


def warm(bench: Bench, url: str, size: Size) -> dict[str, Any]:
    """The same URLs every time, compared with a constant response of as many bytes with the same headers."""
    with ExitStack() as stack:
        app = stack.enter_context(bench.launcher.colophon("colophon", url))
        requests = _warm_requests(app, operations_on(app, size))
        responses = {name: app.ask(request.path, request.headers) for name, request in requests.items()}
        record(bench.launcher.folder / "answers.json", responses)
        found = {name: _described(response) for name, response in responses.items()}
        environment = {FILE: str(bench.launcher.folder / "answers.json")}
        ready = f"/R1{requests['R1'].path}"
        yardsticks = {
            name: stack.enter_context(
                bench.launcher.uvicorn(name, f"benchmarks.baselines.{module}", ready, **environment)
            )
            for name, module in {"constant": "constant:create_app", "fastapi": "bare_fastapi:create_app"}.items()
        }
        measurements = {}
        for name, request in requests.items():
            moved = Request(f"/{name}{request.path}", request.headers)
            measurements[f"colophon warm {name}"] = same(app, request)
            measurements[f"constant {name}"] = same(yardsticks["constant"], moved)
            if name in {"R1", "R2"}:
                measurements[f"fastapi {name}"] = same(yardsticks["fastapi"], moved)
        if has_granian():
            by_granian = stack.enter_context(
                bench.launcher.granian("granian", APP, requests["R1"].path, DATABASE_URL=url)
            )
            measurements["colophon warm R1, granian"] = same(by_granian, requests["R1"])
        # Tens of thousands a second: half the time is enough.
        bench.interleave(measurements, seconds=bench.seconds / 2)
        return found


def _warm_requests(app: Server, operations: Operations) -> dict[str, Request]:
    """Only what the blog supports already: without compression or validators there is nothing to compare."""
    requests = _reads(operations)
    newest, article = requests["R1"], requests["R2"]
    packed = Request(newest.path, {"Accept-Encoding": "gzip"})
    if ("content-encoding", "gzip") in _described(app.ask(packed.path, packed.headers))["headers"]:
        requests["R1-gzip"] = packed
    etag = dict(_described(app.ask(article.path))["headers"]).get("etag")
    if etag is not None:
        requests["R2-304"] = Request(article.path, {"If-None-Match": etag})
    return requests


def _reads(operations: Operations) -> dict[str, Request]:
    return {"R1": operations.newest(), "R2": operations.article(), "R5": operations.comments()}


def _described(response: Response) -> dict[str, Any]:
    headers = [(name.lower(), value) for name, value in response.headers]
    return {"status": response.status, "bytes": len(response.body), "headers": headers}


def cold(bench: Bench, url: str, size: Size, cache_bytes: int) -> None:
    """A different page with every request, with room in the cache for far fewer than are requested."""
    with ExitStack() as stack:
        launcher = bench.launcher
        app = stack.enter_context(launcher.colophon("colophon", url, CACHE_BYTES=str(cache_bytes)))
        operations = operations_on(app, size)
        ready = operations.newest().path
        servers = {"colophon": app} | {
            name: stack.enter_context(
                launcher.uvicorn(name, f"benchmarks.baselines.{name}:create_app", ready, DATABASE_URL=url)
            )
            for name in ("raw", "orm")
        }
        lists = {"R1": operations.other_newest(), "R2": operations.other_articles()}
        _require_same_answers(list(servers.values()), [requests[0] for requests in lists.values()])
        measurements = {
            f"{name} cold {operation}": same(server, requests)
            for operation, requests in lists.items()
            for name, server in servers.items()
        }
        measurements["colophon cold R3"] = same(app, operations.other_tag_pages())
        measurements["colophon cold R5"] = same(app, operations.other_comments())
        if has_granian():
            settings = {"DATABASE_URL": url, "CACHE_BYTES": str(cache_bytes)}
            by_granian = stack.enter_context(launcher.granian("granian", APP, ready, **settings))
            measurements["colophon cold R2, granian"] = same(by_granian, lists["R2"])
        bench.interleave(measurements)


def logged_in(bench: Bench, url: str, size: Size) -> None:
    """The same URLs every time, for a reader who is logged in, and for everybody. Changes the database."""
    with bench.launcher.colophon("colophon", url) as app:
        operations = operations_on(app, size)
        (token,) = access_tokens(app, operations, 1)
        readers: dict[str, dict[str, str]] = {"anonymous": {}, "logged-in": {"Authorization": f"Bearer {token}"}}
        bench.interleave(
            {
                f"{reader} {name}": same(app, Request(request.path, headers))
                for name, request in _reads(operations).items()
                for reader, headers in readers.items()
            }
        )


def logging(bench: Bench, url: str, size: Size, cache_bytes: int) -> None:
    """Warm and cold reads with a line in the log for each, and without."""
    with ExitStack() as stack:
        servers = {
            (cached, level): stack.enter_context(
                bench.launcher.colophon(f"colophon-{cached}-{level}", url, LOG_LEVEL=level, **settings)
            )
            for cached, settings in {"warm": {}, "cold": {"CACHE_BYTES": str(cache_bytes)}}.items()
            for level in ("ERROR", "INFO")
        }
        operations = operations_on(servers["warm", "INFO"], size)
        reads: dict[str, Request | list[Request]] = {
            "warm R1": operations.newest(),
            "warm R2": operations.article(),
            "cold R2": operations.other_articles(),
        }
        bench.interleave(
            {
                f"{level} {name}": same(servers[name.split()[0], level], requests)
                for name, requests in reads.items()
                for level in ("ERROR", "INFO")
            }
        )


def _require_same_answers(servers: list[Server], requests: list[Request]) -> None:
    """Require identical responses: a baseline that returns less is useless."""
    for request in requests:
        responses = [json.loads(server.ask(request.path).body) for server in servers]
        for server, response in zip(servers, responses, strict=True):
            if response != responses[0]:
                raise InvalidRunError(f"{server.name} answers {request.path} otherwise than {servers[0].name}")


def writes(bench: Bench, url: str, size: Size) -> None:
    """Writes alone, readers alone, and readers with a tenth of writes among them. Changes the database."""
    with bench.launcher.colophon("colophon", url) as app:
        operations = operations_on(app, size)
        tokens = access_tokens(app, operations)
        begun = begun_articles(app, operations, tokens)
        many = {name: round(rate * max(1, bench.seconds)) for name, rate in _REQUESTS_A_SECOND.items()}
        bench.interleave(
            {
                "colophon W1": Measurement(app, lambda _: operations.logins(), _WRITERS),
                "colophon W2": Measurement(
                    app, lambda run: operations.new_articles(tokens, many["articles"], run), _WRITERS
                ),
                "colophon W3": Measurement(
                    app, lambda run: operations.new_comments(tokens, many["comments"], run), _WRITERS
                ),
                "colophon W4": Measurement(
                    app, lambda run: operations.draft_saves(begun, many["articles"], run), _WRITERS
                ),
                "colophon W5": Measurement(
                    app, lambda run: operations.publications(begun, many["articles"], run), _WRITERS
                ),
                "colophon reads": Measurement(app, lambda run: operations.reads(many["reads"], run)),
                "colophon mixed": Measurement(app, lambda run: operations.mixed(tokens, many["mixed"], run)),
            }
        )
