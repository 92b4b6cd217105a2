"""The user's own tests as a hard condition: which of them reach a stub, and whether a candidate passes those.

Which tests reach a stub is seen by running, never guessed from names: an unfilled stub reports its own call and
raises. A test stops at the first unfilled stub on its way, so what it reaches is learnt again with every run.

A test that skips itself, or is expected to fail, once it has called an open stub is a test of that stub like any other:
with the stub filled it has to pass (an unexpected pass is one). Excused is only what the project skips or expects to
fail before any stub is called.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_supercharger import telling
from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.ordering import InOrder
from pytest_supercharger.sandbox.base import GateResult, Overlay, Sandbox

__all__ = ["GateVerdict", "ProjectTests", "judge"]

_MOST_AGAIN = 3  # failures that are run once more: with more of them it is the body
_MOST_WIDENED = 3  # bodies of a stub whose failures are tried in a wider run, which may be the whole suite


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What the project tests that reach a stub say of a candidate."""

    passed: bool
    failures: Mapping[str, str]  # node id -> reason
    blocked: frozenset[str] = frozenset()  # ids of unfilled stubs on the way: these tests cannot speak yet
    infra: str = ""  # the run as a whole gave no answer; held against nobody
    spoke: frozenset[str] = frozenset()  # node ids of the tests that ran to their end and passed
    callers: frozenset[str] = frozenset()  # what of these calls the stub: the test, or a module for all tests in it
    unsteady: frozenset[str] = frozenset()  # of the failures: those that pass when they are run once more
    asked: frozenset[str] = frozenset()  # node ids of the tests that were known to reach a stub then


class ProjectTests:
    """The project's suite, run in the sandbox; thread-safe."""

    def __init__(self, sandbox: Sandbox, paths: Sequence[str] | None) -> None:
        """`paths` are the node ids or files that gate, relative to the project root; None: the project's default."""
        self._order = InOrder(sandbox, paths)
        self._lock = threading.Lock()
        self._reaches: dict[str, set[str]] = {}  # stub id -> node ids, whatever was filled in then
        self._met: dict[str, dict[str, frozenset[str]]] = {}  # digest of an overlay -> what each test called in it
        self._excused: frozenset[str] = frozenset()  # skipped without any candidate and without calling a stub
        self._caught: frozenset[str] = frozenset()  # stubs that modules call while they are imported, and get past
        self._seen: Mapping[str, object] = {}  # node id -> what it did with all stubs open
        self._flaky: set[str] = set()  # node ids: they do not gate
        self._spoken: set[str] = set()  # node ids of tests that some body has passed
        self._widened: Counter[frozenset[str]] = Counter()  # stubs -> bodies whose failures were tried in a wider run
        self.collected = 0

    @property
    def flaky(self) -> tuple[str, ...]:
        """Node ids of tests that would gate if they did the same each time."""
        with self._lock:
            return tuple(sorted(self._flaky))

    def discover(self) -> tuple[str, ...]:
        """Run the whole suite on the unfilled project; returns lines worth telling the user.

        Raises:
            SandboxError: the suite as a whole cannot be run.
        """
        result = self._order.whole({})
        if result.problem and result.reached_first:
            raise SandboxError(
                f"no test can run while {min(result.reached_first)} is a stub: a conftest or a plugin calls it when "
                "pytest starts; write its body yourself, or call it in a fixture"
            )
        if result.problem:
            raise SandboxError(
                f"the project's tests do not run in the sandbox: {result.problem}; "
                "fix that, or name the tests that gate with supercharge_gate"
            )
        self.collected = len(result.tests) + len(result.skipped_after)
        self._learn(result)
        self._note({}, result)
        self._seen, self._caught = telling.told(result), telling.caught(result)
        reached = self._all_reached()
        broken = [node for node, text in result.errors.items() if node not in reached]
        failing = [
            node
            for node, pair in result.tests.items()
            if node not in reached and pair.verdict is not Verdict.PASS and node not in result.skipped
        ]
        self._excused = result.skipped - result.skipped_after.keys()
        return tuple(f"{node} fails without any stub; it does not gate" for node in (*broken, *failing))

    def repeat(self) -> tuple[str, ...]:
        """Run the tests that reach a stub by themselves, on the unfilled project; returns lines worth telling the user.

        Those that come to something else are run so once more: one that changes then is flaky, and one that does not
        needs others of the project around it, unless it changes among them as well.
        """
        before = {node: self._seen[node] for node in sorted(self._all_reached() & self._seen.keys())}
        if not before:
            return ()
        result = self._order.run({}, tuple(before))
        if result.problem:
            return (f"the tests that reach a stub could not be run once more: {result.problem}",)
        alone = telling.told(result)
        changed = telling.others(alone, before)
        if not changed:
            return ()
        unsteady = telling.others(
            telling.told(self._order.run({}, tuple(before))), {node: alone[node] for node in changed}
        )
        silent: list[str] = []  # a wider run that says nothing of a test neither clears it nor blames it

        def do_the_same(wider: GateResult) -> set[str]:
            told = telling.told(wider)
            silent[:] = changed - unsteady - told.keys()
            return before.keys() & told.keys() - telling.others(told, before)

        in_order = self._order.widen({}, tuple(before), changed - unsteady, do_the_same)
        said = (f"{node} does otherwise without the tests around it; it is run among them" for node in sorted(in_order))
        return (*self.excuse(changed - in_order.union(silent)), *said)

    def excuse(self, nodes: Collection[str]) -> tuple[str, ...]:
        """Let these tests gate no more; returns lines worth telling the user."""
        with self._lock:
            new = sorted(set(nodes) - self._flaky)
            self._flaky |= set(new)
        return tuple(f"{node} does not do the same each time it is run; it does not gate" for node in new)

    def reaching(self, stubs: Collection[str]) -> tuple[str, ...]:
        """Node ids of the tests known to reach any of the stubs."""
        with self._lock:
            found: set[str] = set()
            for stub in stubs:
                found |= self._reaches.get(stub, set())
            return tuple(sorted(found - self._flaky))

    def stopping(self) -> frozenset[str]:
        """Ids of the stubs that tests are known to stop at: behind them tests may reach others."""
        with self._lock:
            return frozenset(self._reaches)

    def gate(self, overlay: Overlay, stubs: Collection[str]) -> GateVerdict:
        """Run the tests that reach any of the stubs against an overlay that fills them."""
        nodeids = self.reaching(stubs)
        if not nodeids:
            return GateVerdict(passed=True, failures={})
        around, result = self._order.around(nodeids), self._order.run(overlay, nodeids)
        self._learn(result)
        verdict = judge(result, nodeids, self._excused)
        with self._lock:
            self._spoken |= verdict.spoke
        if verdict.infra or not verdict.failures:
            return verdict
        if len(verdict.failures) <= _MOST_AGAIN:
            # The same tests in the same order: one that needs, or fears, what others leave behind does so again.
            again = judge(self._order.run(overlay, nodeids), nodeids, self._excused)
            verdict = replace(verdict, unsteady=again.spoke & verdict.failures.keys())
        if around != self._order.around(nodeids):
            return self.gate(overlay, stubs)  # for another stub it was learned meanwhile what they rest on
        return self.gate(overlay, stubs) if self._needs_others(overlay, nodeids, verdict, frozenset(stubs)) else verdict

    def _needs_others(
        self, overlay: Overlay, nodeids: Sequence[str], verdict: GateVerdict, stubs: frozenset[str]
    ) -> bool:
        """Whether some that failed pass where the project runs them; those that ever passed are not asked about."""
        with self._lock:
            failed = verdict.failures.keys() - verdict.unsteady - self._spoken
            if not failed or self._widened[stubs] >= _MOST_WIDENED:
                return False
            self._widened[stubs] += 1
        found = self._order.widen(overlay, nodeids, failed, lambda wider: judge(wider, nodeids, self._excused).spoke)
        return bool(found)

    def through(self, overlay: Overlay, stub: str, nodes: Collection[str]) -> dict[str, str]:
        """Those of the tests that get to a stub which this overlay leaves open, each with the part of it that calls it.

        All are run where one is not known. One that called no other stub while all were open gets there in any case,
        unless a module in its process did, and holds something else than with that one filled.
        """
        opened, met, alone = self._met_in({}), self._met_in(overlay), frozenset({stub})
        direct = frozenset(n for n in nodes if self._caught <= alone and telling.calls(n, opened) == alone)
        others = tuple(sorted(set(nodes) - direct))
        for _ in range(2):  # once more where the sandbox gave no answer
            if any(telling.calls(node, met) is None for node in others):
                self._note(overlay, self._order.run(overlay, others))
        with self._lock:
            met |= {node: frozenset() for node in others if telling.calls(node, met) is None}
            callers = ((node, telling.caller(node, stub, opened if node in direct else met)) for node in nodes)
            return {node: caller for node, caller in callers if caller}

    def culprits(self, overlay_without: Callable[[str], Overlay], accepted: Collection[str], node: str) -> set[str]:
        """The accepted stubs that a failing test goes through, found by leaving each out in turn."""
        return {stub for stub in accepted if self.through(overlay_without(stub), stub, (node,))}

    def _met_in(self, overlay: Overlay) -> dict[str, frozenset[str]]:
        digest = hashlib.sha256(repr(sorted(overlay.items())).encode()).hexdigest()
        with self._lock:
            return self._met.setdefault(digest, {})

    def _note(self, overlay: Overlay, result: GateResult) -> None:
        """Keep which open stubs each test calls beside these bodies; one without an answer is asked again."""
        met = self._met_in(overlay)
        with self._lock:
            met |= dict.fromkeys((*result.skipped, *result.errors), frozenset())
            met |= {node: pair.reached for node, pair in result.tests.items() if telling.says_what_it_does(pair)}
            met |= {node: stubs for node, stubs in telling.reached(result) if stubs}

    def _learn(self, result: GateResult) -> None:
        with self._lock:
            for node, stubs in telling.reached(result):
                for stub in stubs:
                    self._reaches.setdefault(stub, set()).add(node)

    def _all_reached(self) -> set[str]:
        with self._lock:
            return set().union(*self._reaches.values()) if self._reaches else set()


def judge(result: GateResult, asked: Sequence[str], excused: Collection[str] = ()) -> GateVerdict:
    """Read a gate run: every test asked for must pass, unless the project skips it or an open stub stops it.

    `excused` are the tests the project skips whatever the candidate is: another one that is skipped was skipped by
    the candidate, or goes on skipping itself although the stub is filled, and neither is a pass.
    """
    failures: dict[str, str] = {}
    blocked = {stub for _, stubs in telling.reached(result) for stub in stubs}
    infra = result.problem
    for node, pair in result.tests.items():
        if pair.reached:
            continue
        if pair.verdict is Verdict.INFRA:
            infra = infra or pair.detail or "no verdict"
        elif pair.verdict is not Verdict.PASS and node not in excused:
            failures[node] = _reason(pair)
    for node, text in result.errors.items():
        if not result.reached_at_import.get(node):
            failures[node] = text
    for node in result.skipped - result.tests.keys() - result.skipped_after.keys() - set(excused):
        failures[node] = "the test was skipped or failed as expected; with the stub filled it has to pass"
    if infra:
        # What failed has failed all the same; what is missing may be missing because the run broke off.
        return GateVerdict(passed=False, failures=failures, blocked=frozenset(blocked), infra=infra)
    for node in asked:
        if not _answered(node, result):
            failures[node] = "the test did not run"
    spoke = {node for node, pair in result.tests.items() if pair.verdict is Verdict.PASS and not pair.reached}
    return GateVerdict(
        passed=not failures,
        failures=failures,
        blocked=frozenset(blocked),
        spoke=frozenset(spoke),
        asked=frozenset(asked),
    )


def _answered(node: str, result: GateResult) -> bool:
    """A file or class stands for the tests in it, and for a parametrised test stand its instances."""
    if node in result.tests or node in result.skipped or node in result.errors or node in result.reached_at_import:
        return True
    seen = [*result.tests, *result.skipped, *result.errors]
    return any(other.startswith((f"{node}::", f"{node}[")) or node.startswith(f"{other}::") for other in seen)


def _reason(pair: PairResult) -> str:
    first = pair.detail.strip().splitlines()
    return first[0] if first else pair.verdict.value
