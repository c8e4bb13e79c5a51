"""Progress of long operations: a bar in a terminal, lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.ops.maintenance.steps import Report, Step


@contextmanager
def page_progress() -> Iterator[Callable[[int, int], None]]:
    """Shows how many of all pages are done, in a terminal only."""
    with _bar() as bar:
        task = bar.add_task("Saving")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def table_progress() -> "Iterator[Report]":
    """Shows which table is in progress, and how fast each finished one was."""
    with _bar() as bar:
        yield _Tables(bar).show


@contextmanager
def _bar() -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


class _Tables:
    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._task = bar.add_task("")
        self._first: Step | None = None
        self._started = 0.0

    def show(self, step: "Step") -> None:
        if self._first is None:
            self._first, self._started = step, perf_counter()
        total = max(step.total, step.rows)
        self._bar.update(self._task, description=f"{step.action} {step.table}", completed=step.rows, total=total)
        if step.is_last:
            rows, seconds = step.rows - self._first.rows, perf_counter() - self._started
            speed = f", {rows / seconds:,.0f} rows/s" if rows else ""
            typer.echo(f"{step.action} {step.table}: {step.rows:,} rows{speed}")
            self._first = None
