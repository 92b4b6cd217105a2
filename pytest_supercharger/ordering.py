"""Runs chosen project tests, among as many of the others as they need to come to what they come to in a whole run.

A test may rest on what another one leaves behind. It is one like any other, as long as it is run where the project runs
it: within its file, or within the whole suite.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from pytest_supercharger.sandbox.base import GateResult, Overlay, Sandbox

__all__ = ["InOrder", "places"]

_ALL = frozenset({""})  # in place of the files that a test has to be run among


class InOrder:
    """The project's suite in its own order, whole or in parts; thread-safe."""

    def __init__(self, sandbox: Sandbox, paths: Sequence[str] | None) -> None:
        """`paths` is what the whole suite is; None: the project's default."""
        self._sandbox = sandbox
        self._paths = paths
        self._lock = threading.Lock()
        self._needs: dict[str, frozenset[str]] = {}  # node id -> files that have to be run around it
        self._collected: frozenset[str] | None = None  # None as long as it is not known

    def whole(self, overlay: Overlay) -> GateResult:
        """Run all of it."""
        result = self._sandbox.gate(overlay, self._paths)
        with self._lock:
            self._collected = frozenset((*result.tests, *result.skipped, *result.skipped_after))
        return result

    def run(self, overlay: Overlay, nodes: Sequence[str]) -> GateResult:
        """What came of these tests, in as much of the project's order as they are known to need."""
        chosen = self.around(nodes)
        result = self._sandbox.gate(overlay, chosen)
        return result if chosen == tuple(nodes) else _only(result, nodes)

    def around(self, nodes: Sequence[str]) -> Sequence[str] | None:
        """What is run for these tests, by what is known now."""
        with self._lock:
            return self._now(nodes)

    def widen(
        self,
        overlay: Overlay,
        nodes: Sequence[str],
        doubtful: Collection[str],
        right: Callable[[GateResult], Collection[str]],
    ) -> frozenset[str]:
        """Run doubtful ones of the tests among more of the others; who comes out right there is always run there.

        `right` says which do. Returns those.
        """
        found: set[str] = set()
        with self._lock:
            known, ran = {node: self._needs.get(node, frozenset()) for node in doubtful}, self._now(nodes)
        files = frozenset(node.partition("::")[0] for node, needs in known.items() if not needs)
        for around in (files, _ALL):
            left = {node for node, needs in known.items() if not around <= needs} - found
            chosen = self._among(nodes, around)
            if left and self._adds(chosen, ran):
                ran = chosen
                new = left.intersection(right(_only(self._sandbox.gate(overlay, chosen), nodes)))
                with self._lock:
                    self._needs |= dict.fromkeys(new, around)
                found |= new
        return frozenset(found)

    def _now(self, nodes: Sequence[str]) -> Sequence[str] | None:
        return self._among(nodes, frozenset().union(*(self._needs.get(node, ()) for node in nodes)))

    def _among(self, nodes: Sequence[str], files: frozenset[str]) -> Sequence[str] | None:
        if files >= _ALL:
            return self._paths
        return tuple(sorted({*nodes, *files})) if files else tuple(nodes)

    def _adds(self, chosen: Sequence[str] | None, ran: Sequence[str] | None) -> bool:
        """Whether others are run then than were already, as far as is known; None stands for all."""
        if self._collected is None or ran is self._paths:
            return ran is not self._paths
        others = [places(node) for node in self._collected if places(node).isdisjoint(ran or ())]
        return bool(others) if chosen is self._paths else any(not other.isdisjoint(chosen or ()) for other in others)


def places(node: str) -> frozenset[str]:
    """A test, and all it is collected from: its function, class, file and folders."""
    path, *names = node.partition("[")[0].split("::")
    folders = path.split("/")
    above = ("/".join(folders[:count]) for count in range(1, len(folders) + 1))
    return frozenset({node, *above, *("::".join([path, *names[:count]]) for count in range(1, len(names) + 1))})


def _only(result: GateResult, nodes: Collection[str]) -> GateResult:
    """The result as far as it is about these tests and what they are collected from."""
    asked, above = frozenset(nodes), frozenset().union(*map(places, nodes))

    def is_asked(node: str) -> bool:
        return node in above or not asked.isdisjoint(places(node))

    return replace(
        result,
        tests={node: pair for node, pair in result.tests.items() if is_asked(node)},
        skipped=frozenset(filter(is_asked, result.skipped)),
        skipped_after={node: stubs for node, stubs in result.skipped_after.items() if is_asked(node)},
        errors={node: text for node, text in result.errors.items() if is_asked(node)},
        reached_at_import={node: stubs for node, stubs in result.reached_at_import.items() if is_asked(node)},
    )
