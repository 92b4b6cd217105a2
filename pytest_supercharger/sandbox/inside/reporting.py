"""The pytest plugin of a job: tells PID 1 what happened to each test, from the calls and not from text."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from . import numbering

if TYPE_CHECKING:
    from .child import Send

__all__ = ["Reporter", "describe", "record_stubs"]

_MOST_NOTED = 20_000  # characters: a process of a test may write what it likes
_LONGEST_CHAIN = 20  # exceptions that led to one
_BROKEN = frozenset({"failed", "altered"})


def describe(error: BaseException, size: int = 2000) -> str:
    """The type and message of an exception whose own methods may be hostile."""
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:  # a message that cannot be made is no reason to lose the type
        text = ""
    return (f"{name}: {text}" if text else name)[:size]


class Reporter:
    """Sends begin, test, done and collect messages; one `test` message an item, with the outcome of each phase."""

    def __init__(self, send: Send, *, detail: int = 2000, reached: str = "") -> None:
        """`reached` is the file in which processes that a test starts note the stubs they call."""
        self.send = send
        self._detail = detail
        self._reached = reached
        self.current = ""
        self.collecting = ""
        self.collected: list[str] = []
        self.odd = ""  # what is wrong with the evidence of the test that runs
        self.met: set[str] = set()  # ids of the unfilled stubs that were called

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what was selected."""
        self.collected += [item.nodeid for item in session.items]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Report collectors that fail or skip, and know which one imports what."""
        before, self.collecting = self.collecting, collector.nodeid
        try:
            report = yield
        finally:
            self.collecting = before
        if report.outcome != "passed":
            error = getattr(getattr(report, "call", None), "excinfo", None)
            value = error.value if error is not None else None
            cause = value if value is None else (value.__cause__ or value)
            text = describe(cause, self._detail) if cause is not None else str(report.longrepr)[: self._detail]
            self.send({"type": "collect", "node": collector.nodeid, "outcome": report.outcome, "detail": text})
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Report one item when it is over, however it ends."""
        self.current = item.nodeid
        self._phases: dict[str, str] = {}
        self._error: dict[str, str] = {}
        began = time.perf_counter()
        self.send({"type": "begin", "unit": item.nodeid})
        try:
            return (yield)
        finally:
            test = {"type": "test", "node": item.nodeid, "phases": [*self._phases.values()][:20], **self._error}
            if self.odd:
                test["odd"] = self.odd
            self._pass_on_reached(item.nodeid)
            seconds = round(time.perf_counter() - began, 4)
            self.send({**test, "seconds": seconds}, {"type": "done", "unit": item.nodeid})
            self.current = self.odd = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the outcome of a phase; a report that says passed over an exception counts as altered.

        What a fixture of a module or a session raised is raised again for each of its tests, by the first call alone.
        Only a stub that was called is believed to have raised: anybody can raise its exception.
        """
        report = yield
        outcome: str = report.outcome
        if outcome == "passed" and call.excinfo is not None:
            outcome = "altered"
        elif hasattr(report, "wasxfail"):
            outcome = {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
        if outcome != "passed" and _BROKEN.isdisjoint(self._phases.values()):
            self._error = self._explain(call, report)
        if call.excinfo is not None and (stub := _stopped_at(call.excinfo.value)) in self.met:
            self.send({"type": "reached", "stub": stub[:500], "node": item.nodeid, "collector": ""})
        # A subtest has a report of its own, of the same phase and ahead of the test's: only its failure counts.
        if self._phases.get(call.when) not in _BROKEN:
            self._phases[call.when] = outcome
        return report

    def _pass_on_reached(self, node: str) -> None:
        if not self._reached or not os.path.exists(self._reached):
            return
        with open(self._reached, encoding="utf-8", errors="replace") as stream:
            stubs = dict.fromkeys(stream.read(_MOST_NOTED).split("\n"))
        os.remove(self._reached)
        for stub in filter(None, stubs):
            stub_id, _, place = stub.partition("\t")
            line, _, path = place.partition("\t")
            if line.isdecimal() and path:
                stub_id = numbering.numbered(stub_id, path, int(line))
            self.met.add(stub_id)
            self.send({"type": "reached", "stub": stub_id[:500], "node": node, "collector": ""})

    def note_equal(self, kind: str) -> None:
        """Note that a value that was compared equals anything."""
        self.odd = f"a value of type {kind} equals everything"[:300]

    def _explain(self, call: pytest.CallInfo[None], report: pytest.TestReport) -> dict[str, str]:
        if call.excinfo is None:
            return {"error": "", "detail": str(report.longrepr)[: self._detail], "where": ""}
        where = ""
        try:
            entry = call.excinfo.traceback[-1]
            where = f"{entry.path}:{entry.lineno + 1}"[-300:]
        except Exception:  # a place that cannot be had is left out: the exception itself is what counts
            where = ""
        value = call.excinfo.value
        return {"error": type(value).__name__[:200], "detail": describe(value, self._detail), "where": where}


def _stopped_at(error: BaseException) -> str:
    """The open stub that an exception says it comes from; "" for none."""
    from pytest_supercharger import marker

    left: list[object] = [error]
    for _ in range(_LONGEST_CHAIN):
        one = left.pop() if left else None
        if isinstance(one, marker.StubNotFilled):
            return one.stub_id
        if isinstance(one, BaseException):
            inner = getattr(one, "exceptions", ())  # of a group
            left += [one.__context__, one.__cause__, *(inner if isinstance(inner, tuple) else ())]
    return ""


def record_stubs(send: Send, reporter: Reporter | None = None) -> None:
    """Send a `reached` message the first time each unfilled stub is called by each test or collector."""
    from pytest_supercharger import marker

    seen: set[tuple[str, str, str]] = set()

    def recorder(stub: str) -> None:
        node = reporter.current if reporter else ""
        collector = reporter.collecting if reporter and not node else ""
        if reporter:
            reporter.met.add(stub)
        if (stub, node, collector) not in seen:
            seen.add((stub, node, collector))
            send({"type": "reached", "stub": stub[:500], "node": node, "collector": collector})

    marker.recorder, marker.identify = recorder, numbering.identify
