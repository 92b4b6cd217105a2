"""Figures and verdicts of a load."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from loading.clients import Manner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loading.clients import Outcome
    from loading.process import Held

__all__ = ["Verdicts", "show_latency", "show_memory", "show_outcomes"]

_MEBI = 1 << 20
_GROWTH = 64 * _MEBI  # from the end of the first round to the end of the last
_DESCRIPTORS = 4


class Verdicts:
    """One line each; `failed` after the first FAIL."""

    def __init__(self) -> None:
        self.failed = False

    def check(self, passed: bool, text: str) -> None:
        """Print one."""
        print(f"{'PASS' if passed else 'FAIL'} {text}", flush=True)
        self.failed |= not passed

    def live(self, outcomes: Iterable[Outcome], samples: int) -> None:
        """Every client that stayed got all of its samples."""
        short = [
            each for each in outcomes if each.manner is Manner.STAYS and (each.status, each.samples) != ("OK", samples)
        ]
        self.check(not short, f"every client that stayed was answered in full ({len(short)} were not)")
        for each in short[:5]:
            print(f"     {each.status} after {each.samples} samples: {each.details}")

    def clean(self, outcomes: Iterable[Outcome], samples: int) -> None:
        """While the node ends: answered in full, or told that it is ending."""
        odd = [
            each
            for each in outcomes
            if not (each.status == "OK" and each.samples == samples)
            and not (each.status == "UNAVAILABLE" and each.details)
        ]
        self.check(not odd, f"at SIGTERM every request was answered in full or told so ({len(odd)} were not)")

    def memory(self, rounds: Sequence[Held]) -> None:
        """No growth after the first round."""
        grown = rounds[-1].now - rounds[0].now
        opened = rounds[-1].descriptors - rounds[0].descriptors
        self.check(grown <= _GROWTH, f"memory is flat: {grown / _MEBI:+.0f} MiB after the first round")
        self.check(opened <= _DESCRIPTORS, f"descriptors are flat: {opened:+d} after the first round")


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """How the clients ended, by manner and status."""
    ends = Counter((each.manner.value, each.status) for each in outcomes)
    for (manner, status), count in sorted(ends.items()):
        print(f"  {count:4} {manner}: {status}")
    print(f"  {sum(each.refusals for each in outcomes):4} refusals of a full queue, each asked again after its hint")


def show_latency(outcomes: Sequence[Outcome]) -> None:
    """Seconds to the first sample and to the end, of the clients that stayed."""
    stayed = [each for each in outcomes if each.manner is Manner.STAYS and each.status == "OK"]
    for name, values in (("first sample", [each.first for each in stayed]), ("end", [each.end for each in stayed])):
        found = sorted(value for value in values if value is not None)
        shares = [found[max(math.ceil(share * len(found)) - 1, 0)] for share in (0.5, 0.95, 0.99)] if found else []
        print(f"  seconds to {name:13}" + "".join(f" p{p}={v:.2f}" for p, v in zip((50, 95, 99), shares, strict=False)))


def show_memory(before: Held, after: Held) -> None:
    """What the node held."""
    sizes = f"{before.now / _MEBI:.0f} -> {after.now / _MEBI:.0f} MiB, peak {after.peak / _MEBI:.0f}"
    print(f"  memory {sizes}; descriptors {before.descriptors} -> {after.descriptors}")
