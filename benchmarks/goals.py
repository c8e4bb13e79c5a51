"""The performance goals, computed from the measurements."""

from collections.abc import Mapping, Sequence

from benchmarks.closed_loop import Served
from benchmarks.open_loop import Waits
from benchmarks.operations import COMMENTS_AMONG_WRITES, READ_SHARES, READS
from benchmarks.ratios import Goal, Range, Rates, ratio

_OF_CONSTANT, _OF_RAW, _TIMES_ORM, _OF_READS = 0.9, 0.6, 4, 0.5
_MAX_TAIL, _MAX_MEGABYTES, _MAX_START_SECONDS, _MAX_GROWTH = 10, 120, 2, 1.3
_OF_ONE_WRITER, _MAX_WRITERS_TAIL, _MAX_READERS_WAIT = 1, 4, 1.5


def goals(
    rates: Rates,
    waits: Mapping[str, Sequence[Waits]],
    logins: Mapping[str, Sequence[Waits]],
    started: Mapping[str, Sequence[float]],
    raw_wanted: float | None,
) -> list[Goal]:
    """All goals of a run. `raw_wanted` is the target for cold reads relative to the driver alone."""
    return [
        *_warm(rates),
        *_cold(rates, raw_wanted),
        *_logged_in(rates),
        *_logging(rates),
        *_mixed(rates),
        *[
            Goal(f"p99 / median at half load: {name}", _tails(each), *_wanted_tail(name))
            for name, each in waits.items()
        ],
        *[
            Goal(f"warm R1 at a quarter of its maximum, {who}: p99", _p99(each), unit="ms")
            for who, each in logins.items()
        ],
        Goal(
            "warm R1, median wait during logins / alone",
            Range.of([during.median / alone.median for alone, during in zip(*logins.values(), strict=True)]),
        ),
        Goal("idle memory of a worker (RSS)", Range.of(started["rss"]), _MAX_MEGABYTES, at_least=False, unit="MB"),
        Goal("idle memory of a worker (PSS)", Range.of(started["pss"]), unit="MB"),
        Goal("start to first answer", Range.of(started["seconds"]), _MAX_START_SECONDS, at_least=False, unit="s"),
    ]


def _warm(rates: Rates) -> list[Goal]:
    operations = [name.removeprefix("constant ") for name in rates if name.startswith("constant ")]
    found = [
        Goal(f"warm {name} / constant bytes", ratio(rates, f"colophon warm {name}", f"constant {name}"), _OF_CONSTANT)
        for name in operations
    ]
    found += [
        Goal(f"constant bytes through FastAPI / without, {name}", ratio(rates, f"fastapi {name}", f"constant {name}"))
        for name in ("R1", "R2")
    ]
    return found + _granian(rates, "warm R1")


def _cold(rates: Rates, raw_wanted: float | None) -> list[Goal]:
    found = []
    for name in ("R1", "R2"):
        own = f"colophon cold {name}"
        found.append(Goal(f"cold {name} / raw driver", ratio(rates, own, f"raw cold {name}"), raw_wanted))
        found.append(Goal(f"cold {name} / ORM version", ratio(rates, own, f"orm cold {name}"), _TIMES_ORM))
    return found + _granian(rates, "cold R2")


def _logged_in(rates: Rates) -> list[Goal]:
    """Nobody has said yet how close they should be."""
    return [
        Goal(f"warm {name}, anonymous / logged in", ratio(rates, f"anonymous {name}", f"logged-in {name}"))
        for name in ("R1", "R2", "R5")
    ]


def _logging(rates: Rates) -> list[Goal]:
    return [
        Goal(f"{name}, LOG_LEVEL=ERROR / INFO", ratio(rates, f"ERROR {name}", f"INFO {name}"))
        for name in ("warm R1", "warm R2", "cold R2")
    ]


def _granian(rates: Rates, what: str) -> list[Goal]:
    name = f"colophon {what}, granian"
    return [Goal(f"{what}, granian / uvicorn", ratio(rates, name, f"colophon {what}"))] if name in rates else []


def _mixed(rates: Rates) -> list[Goal]:
    """Compared with the same reads alone, and with these reads and writes one after the other."""
    parts = []
    for reads, article, comment in zip(
        rates["colophon reads"], rates["colophon W2"], rates["colophon W3"], strict=True
    ):
        writing = COMMENTS_AMONG_WRITES / comment + (1 - COMMENTS_AMONG_WRITES) / article
        parts.append(1 / (READS / reads + (1 - READS) * writing))
    apart = {"mixed": rates["colophon mixed"], "parts": parts}
    return [
        Goal("mixed / reads that are all warm", ratio({**rates, "warm": _all_warm(rates)}, "colophon mixed", "warm")),
        Goal("mixed / the same reads alone", ratio(rates, "colophon mixed", "colophon reads"), _OF_READS),
        Goal("mixed / its reads and writes apart", ratio(apart, "mixed", "parts")),
    ]


def _all_warm(rates: Rates) -> list[float]:
    """The rate of the mix's reads if each were as fast as the warm read of its kind (R3 as R1)."""
    shares = {**READ_SHARES, "R1": READ_SHARES["R1"] + READ_SHARES["R3"]}
    rounds = len(rates["colophon warm R1"])
    return [
        1 / sum(shares[name] / rates[f"colophon warm {name}"][number] for name in ("R1", "R2", "R5"))
        for number in range(rounds)
    ]


def _wanted_tail(name: str) -> tuple[float | None, bool]:
    return (None if name.startswith("constant") else _MAX_TAIL), False


def _tails(waits: Sequence[Waits]) -> Range:
    return Range.of([each.tail for each in waits])


def _p99(waits: Sequence[Waits]) -> Range:
    return Range.of([each.p99 for each in waits])


def growth_goals(rates: Rates, operations: Sequence[str]) -> list[Goal]:
    """How much more a read costs with the large corpus than with the small one."""
    return [
        Goal(
            f"cost of {name}, large / small",
            ratio(rates, f"small {name}", f"large {name}"),
            _MAX_GROWTH,
            at_least=False,
        )
        for name in operations
    ]


def writers_goals(name: str, served: Mapping[str, Sequence[Served]]) -> list[Goal]:
    """What sixteen who write at once get of what one would, and what they cost a logged-in reader."""
    one, many, alone, meanwhile = (
        served[row] for row in ("one writer", "16 writers", "reader alone", "reader meanwhile")
    )
    rates = {"one": [each.rate for each in one], "many": [each.rate for each in many]}
    medians = {"alone": [each.median for each in alone], "meanwhile": [each.median for each in meanwhile]}
    return [
        Goal(f"{name}: 16 writers / one", ratio(rates, "many", "one"), _OF_ONE_WRITER),
        Goal(
            f"{name}: 16 writers, p99 / median",
            Range.of([each.p99 / each.median for each in many]),
            _MAX_WRITERS_TAIL,
            at_least=False,
        ),
        Goal(
            f"{name}: reader's median while 16 write / alone",
            ratio(medians, "meanwhile", "alone"),
            _MAX_READERS_WAIT,
            at_least=False,
        ),
    ]
