"""Probes in a real container: what a candidate does on an input, and nothing else, becomes its output."""

from __future__ import annotations

import pytest
from zygote_slot import GOOD, ZygoteSlot

from pytest_supercharger.domain import OutputKind

pytestmark = pytest.mark.docker

DOUBLE = "def double(x, *rest, **more):\n"


@pytest.mark.parametrize(
    ("body", "expression", "kind", "text"),
    [
        ("return 2 * x", "double(2)", OutputKind.VALUE, "4"),
        ("return 2 * x", "double(*[2])", OutputKind.VALUE, "4"),
        ("return [x, rest, more]", "double(1, *[2], **{'k': 3})", OutputKind.VALUE, "[1, (2,), {'k': 3}]"),
        ("return x", "str(double(2))", OutputKind.VALUE, "'2'"),
        ("return x", "double(2) + 1", OutputKind.VALUE, "3"),
        ("return Colour.RED", "double(0)", OutputKind.VALUE, "mod.Colour.RED"),
        ("return Box(x)", "double(2)", OutputKind.VALUE, "<state of mod.Box(n=2)>"),
        ("import time; return Box(time.perf_counter_ns())", "double(2)", OutputKind.OPAQUE, ""),
        ("import time; return Box(1), time.perf_counter_ns()", "double(2)", OutputKind.UNSTABLE, ""),
        ("import time; return f'<state of {time.perf_counter_ns()}'", "double(2)", OutputKind.UNSTABLE, ""),
        ("return Cart", "double(2)", OutputKind.VALUE, "<mod.Cart>"),
        ("return double", "double(2)", OutputKind.OPAQUE, "function"),
        ("return (i for i in range(x))", "double(2)", OutputKind.VALUE, "iterator([0, 1])"),
        ("x.append(9)", "double([1])", OutputKind.VALUE, "None; argument 1 -> [1, 9]"),
        ("x.append(lambda: 1)", "double([1])", OutputKind.OPAQUE, "argument 1"),
        ("return [*x, *x]", "double(iter([1]))", OutputKind.VALUE, "[1]"),
        ("raise ValueError('no')", "double(2)", OutputKind.EXCEPTION, "ValueError"),
        ("raise KeyError", "int(double(2))", OutputKind.EXCEPTION, "KeyError"),
        ("return undefined_name", "double(2)", OutputKind.EXCEPTION, "NameError"),
        ("import os; os._exit(0)", "double(2)", OutputKind.EXCEPTION, "ProcessExit"),
        ("import sys; sys.exit(0)", "double(2)", OutputKind.EXCEPTION, "SystemExit"),
        ("import ctypes; ctypes.string_at(0)", "double(2)", OutputKind.EXCEPTION, "ProcessExit"),
        ("return other(x)", "double(2)", OutputKind.BLOCKED, "mod:other"),
        (
            "try:\n        return other(x)\n    except Exception:\n        return 4",
            "double(2)",
            OutputKind.BLOCKED,
            "mod:other",
        ),
        ("return x", "double(1 / 0)", OutputKind.INVALID, ""),
        ("return x", "double(nothing_of_this_name)", OutputKind.INVALID, ""),
        ("return x", "double(", OutputKind.INVALID, ""),
        ("return object()", "double(1)", OutputKind.OPAQUE, "object"),
        ("while True:\n        pass", "double(1)", OutputKind.TIMEOUT, ""),
        ("return bytearray(1 << 34)", "double(1)", OutputKind.MEMORY, ""),
        ("k = []\n    while True:\n        k.append(bytearray(1 << 24))", "double(1)", OutputKind.MEMORY, ""),
        ("import random; return random.SystemRandom().random()", "double(1)", OutputKind.UNSTABLE, ""),
    ],
)
def test_an_output_says_what_the_candidate_did(
    zygote: ZygoteSlot, body: str, expression: str, kind: OutputKind, text: str
) -> None:
    (output,) = zygote.probe(f"{DOUBLE}    {body}\n", expression)
    assert (output.kind, output.text) == (kind, text), output
    assert zygote.probe(GOOD, "double(2)")[0].text == "4"


def test_a_module_that_calls_an_open_stub_while_it_is_imported_waits_for_that_one(zygote: ZygoteSlot) -> None:
    (output,) = zygote.probe(f"{GOOD}\nTABLE = other(1)\n", "double(2)")
    assert (output.kind, output.text) == (OutputKind.BLOCKED, "mod:other")
    (output,) = zygote.probe(f"{GOOD}\nTABLE = 1 / 0\n", "double(2)")
    assert (output.kind, output.text) == (OutputKind.EXCEPTION, "ZeroDivisionError")


def test_a_value_that_equals_everything_is_told_apart(zygote: ZygoteSlot) -> None:
    code = "class Any:\n    def __eq__(self, other):\n        return True\n" + DOUBLE + "    return [Any()]\n"
    assert zygote.probe(code, "double(2)")[0].kind is OutputKind.EQUALS_ANYTHING


def test_state_does_not_leak_between_probes(zygote: ZygoteSlot) -> None:
    code = "seen = []\n" + DOUBLE + "    seen.append(x)\n    return len(seen)\n"
    assert [output.text for output in zygote.probe(code, "double(1)", "double(2)", "double(3)")] == ["1", "1", "1"]


def test_a_method_shows_the_change_of_its_object(zygote: ZygoteSlot) -> None:
    output = zygote.probe(GOOD, "cart.add('x')", setup="cart = Cart([])")[0]
    assert output.text == "None; self -> mod.Cart(items=['x'])"


def test_what_an_output_leaves_out_for_its_length_is_told_apart(zygote: ZygoteSlot) -> None:
    code = DOUBLE + "    for one in (x, *rest):\n        one += ['a' * 3000, %s]\n"
    one, other = (zygote.probe(code % last, "double([], [], [])")[0] for last in ("one is rest[1]", "False"))
    assert one.kind is other.kind is OutputKind.VALUE
    assert one.text != other.text


def test_setup_that_raises_makes_the_input_invalid(zygote: ZygoteSlot) -> None:
    assert zygote.probe(GOOD, "double(2)", setup="raise ValueError")[0].kind is OutputKind.INVALID


@pytest.mark.parametrize("expression", ["await double(2)", "double(2)"])
def test_coroutines_are_awaited(zygote: ZygoteSlot, expression: str) -> None:
    code = "import asyncio\nasync def double(x):\n    await asyncio.sleep(0)\n    return 2 * x\n"
    assert zygote.probe(code, expression)[0].text == "4"


def test_a_module_that_does_not_import_gives_its_exception_for_every_probe(zygote: ZygoteSlot) -> None:
    outputs = zygote.probe("raise LookupError('x')\n", "double(1)", "double(2)")
    assert [(output.kind, output.text) for output in outputs] == [(OutputKind.EXCEPTION, "LookupError")] * 2


def test_a_candidate_that_hung_twice_is_not_run_on_the_rest(zygote: ZygoteSlot) -> None:
    code = DOUBLE + "    while x:\n        pass\n    return x\n"
    outputs = zygote.probe(code, "double(0)", "double(1)", "double(2)", "double(0) + 1")
    kinds = [output.kind for output in outputs]
    assert kinds == [OutputKind.VALUE, OutputKind.TIMEOUT, OutputKind.TIMEOUT, OutputKind.TIMEOUT]


def test_a_hanging_input_does_not_cost_the_others_theirs(zygote: ZygoteSlot) -> None:
    code = DOUBLE + "    import time\n    while x == 1:\n        time.sleep(1)\n    return x\n"
    outputs = zygote.probe(code, *(f"double({x})" for x in (0, 1, 2, "1.0", 3)))
    kinds = [output.kind for output in outputs]
    ok, late = OutputKind.VALUE, OutputKind.TIMEOUT
    assert kinds == [ok, late, ok, late, ok]


def test_an_input_that_kills_its_parent_does_not_cost_the_others_theirs(zygote: ZygoteSlot) -> None:
    code = DOUBLE + "    import os\n    if x == 1:\n        os.kill(os.getppid(), 9)\n    return x\n"
    outputs = zygote.probe(code, "double(0)", "double(1)", "double(2)")
    assert [output.text for output in outputs] == ["0", "ProcessExit", "2"]
