"""Which stubs need each other: components of the graph of who needs whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["closed", "reaches"]

Needs = Mapping[str, Collection[str]]


def reaches(needs: Needs, start: str, goal: str) -> bool:
    """Whether `start` needs `goal`, directly or through others."""
    return goal in _reached(needs, start)


def closed(needs: Needs, start: str) -> frozenset[str]:
    """The stubs that need `start` and are needed by it, itself included; empty while it needs anything else.

    Those that are not among the keys of `needs` are undecided in another way: nothing is closed that needs one.
    """
    reached = _reached(needs, start)
    if start not in reached or not reached <= needs.keys():
        return frozenset()
    return frozenset(reached) if all(reaches(needs, other, start) for other in reached) else frozenset()


def _reached(needs: Needs, start: str) -> set[str]:
    found: set[str] = set()
    todo = [*needs.get(start, ())]
    while todo:
        stub = todo.pop()
        if stub not in found:
            found.add(stub)
            todo += needs.get(stub, ())
    return found
