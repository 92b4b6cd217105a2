"""The figures as tables; a star marks what the plugin does by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuning.figures import LOST, enough

__all__ = ["show"]

Line = Mapping[str, Any]


def show(record: Line) -> None:
    """Print all tables of a record."""
    defaults = record["defaults"]
    _show_codes(record["temperatures"]["code"], defaults["temperature"])
    _show_tests(record["temperatures"]["tests"], defaults["temperature"])
    for kind, limits in record["limits"].items():
        if limits:
            _show_limits(kind, limits, defaults["tokens"][kind])
    _show_prompts(record["prompts"], record["contexts"], defaults)
    print("\n* as the plugin does it by itself")


def _show_codes(lines: Mapping[str, Line], default: float) -> None:
    some = next(iter(lines.values()))
    samples = some["answers"] // some["tasks"]
    print(f"\ncode: {some['tasks']} tasks, {samples} answers each; right is what the reference's results say")
    heads = ("right", "pass@1", f"pass@{min(4, samples)}", "some right", "most drawn", "bodies", "equal mistakes")
    rows = {
        name: [
            _percent(line["right"]),
            _percent(line["pass@1"]),
            _percent(line["pass@4"]),
            f"{line['solved']} of {line['tasks']}",
            f"{line['most drawn is right']} right",
            f"{line['bodies']:.1f}",
            _percent(line["equal mistakes"]),
            *_common(line),
        ]
        for name, line in lines.items()
    }
    _table("temperature", (*heads, *_COMMON), rows, f"{default:g}")


def _show_tests(lines: Mapping[str, Line], default: float) -> None:
    print("\ntests: right is what the reference passes")
    heads = ("written", "right", "right an answer", "different a task", "of them right")
    rows = {
        name: [
            str(line["written"]),
            _percent(line["right"]),
            f"{line['right an answer']:.2f}",
            f"{line['different']:.1f}",
            f"{line['different and right']:.1f}",
            *_common(line),
        ]
        for name, line in lines.items()
    }
    _table("temperature", (*heads, *_COMMON), rows, f"{default:g}")


_COMMON = ("nothing", "cut", "loops", "tokens: median", "95%", "99%")


def _common(line: Line) -> list[str]:
    shares = [_percent(line[name]) for name in ("nothing", "length", "loop")]
    return [*shares, *(str(line["tokens"][name]) for name in ("median", "95%", "99%"))]


def _show_limits(kind: str, limits: Mapping[str, Line], default: int) -> None:
    temperatures = [*next(iter(limits.values()))["kept at"]]
    least = enough(limits)
    says = f"{least} tokens lose less than {LOST:.1%}" if least else f"every limit loses {LOST:.1%} or more"
    print(f"\n{kind}, token limit of an answer: {says} of what is right")
    heads = ("right kept", "tokens spent", "right per 1000", "answers cut", *(f"kept at {t}" for t in temperatures))
    rows = {
        name: [
            _percent(line["kept"]),
            _percent(line["spent"]),
            f"{line['right per 1000']:.2f}",
            _percent(line["cut"]),
            *(_percent(line["kept at"][t]) for t in temperatures),
        ]
        for name, line in limits.items()
    }
    _table("tokens", heads, rows, str(default))


def _show_prompts(prompts: Mapping[str, Line], contexts: Mapping[str, Line], defaults: Line) -> None:
    print("\nprompts, the longest of each task, in the model's tokens")
    rows = {kind: [str(line[name]) for name in ("median", "95%", "max")] for kind, line in prompts.items()}
    _table("", ("median", "95%", "max"), rows, "")
    print("\ncontext: tasks whose prompt and longest answer fit, and those that the plugin asks about")
    heads = (*(f"{kind} fits" for kind in prompts), "asked")
    shares = {name: [_percent(line[key]) for key in (*prompts, "taken")] for name, line in contexts.items()}
    _table("tokens", heads, shares, str(defaults["context"]))


def _table(corner: str, heads: Sequence[str], rows: Mapping[str, Sequence[str]], default: str) -> None:
    widths = [max(len(head), *(len(row[i]) for row in rows.values())) for i, head in enumerate(heads)]
    print(f"  {corner:12}  " + "  ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)))
    for name, row in rows.items():
        cells = "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {name + (' *' if name == default else ''):12}  {cells}")


def _percent(share: float) -> str:
    return f"{share:.1%}"
