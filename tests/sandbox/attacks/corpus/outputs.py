"""Attacks on probes: a wrong result that wants to be taken for another one, or to be there without having been computed."""

from __future__ import annotations

from corpus.attack import OWN, ProbeAttack, probe_sheet
from pytest_supercharger.domain import OutputKind

__all__ = ["ATTACKS"]

# Nothing that agrees with the honest text "3".
_APART = frozenset(set(OutputKind) - {OutputKind.VALUE, OutputKind.INFRA})


_EQUALITY = probe_sheet(
    "probes: a result that equals everything is one, and agrees with nothing",
    """
    ### 4: __eq__ is always true
    class Any:
        def __eq__(self, other):
            return True
    def add(a, b):
        return Any()
    ### 4: __ne__ is always false
    class Any:
        def __ne__(self, other):
            return False
    def add(a, b):
        return Any()
    ### 4: an int that equals everything
    class Any(int):
        __hash__ = int.__hash__
        def __eq__(self, other):
            return True
    def add(a, b):
        return Any(3)
    ### 4: it equals everything inside of a list
    class Any:
        def __eq__(self, other):
            return True
    def add(a, b):
        return [1, {"x": (Any(),)}]
    ### own: it equals everything from the right side
    import builtins
    class Any:
        def __eq__(self, other):
            return type(other) is object
    def add(a, b):
        return Any()
    ### own: a dataclass that equals everything
    from dataclasses import dataclass
    @dataclass
    class Any:
        x: int = 3
        def __eq__(self, other):
            return True
    def add(a, b):
        return Any()
    """,
    expected=frozenset({OutputKind.EQUALS_ANYTHING}),
)

_TEXTS = probe_sheet(
    "probes: a value of a class of its own has no text, or one that names the class",
    """
    ### own: an int that equals numbers and not objects
    class Any(int):
        __hash__ = int.__hash__
        def __eq__(self, other):
            return isinstance(other, (int, float))
    def add(a, b):
        return Any(3)
    ### own: an object that says it is an int
    class Any:
        __class__ = int
        def __repr__(self):
            return "3"
        __str__ = __repr__
    def add(a, b):
        return Any()
    ### own: a class that has the name of int
    class Any:
        def __repr__(self):
            return "3"
    Any.__name__ = Any.__qualname__ = "int"
    Any.__module__ = "builtins"
    def add(a, b):
        return Any()
    ### own: a str with a repr of its own
    class Any(str):
        def __repr__(self):
            return "3"
    def add(a, b):
        return Any("x")
    ### own: a metaclass that answers for its class
    class Meta(type):
        def __eq__(cls, other):
            return True
        __hash__ = type.__hash__
        def __instancecheck__(cls, value):
            return True
    class Any(metaclass=Meta):
        pass
    def add(a, b):
        return Any()
    ### own: attributes that end the process when they are looked at
    import os
    class Any:
        def __getattribute__(self, name):
            os._exit(64)
    def add(a, b):
        return Any()
    ### own: a generator that never ends
    def add(a, b):
        while True:
            yield 3
    ### own: a value that grows while it is read
    class Any(list):
        def __iter__(self):
            while True:
                yield 3
    def add(a, b):
        return Any()
    ### own: an exception that is no exception to speak of
    class Odd(BaseException):
        def __str__(self):
            raise SystemExit(0)
    def add(a, b):
        raise Odd
    """,
    expected=frozenset(OutputKind) - {OutputKind.INFRA},
    hides="3",
)

_OWN_EQUALITY = probe_sheet(
    "probes: a class whose comparison is its own has no text",
    """
    ### own: a dataclass that equals numbers and not objects
    from dataclasses import dataclass
    @dataclass
    class Any:
        x: int = 0
        def __eq__(self, other):
            return isinstance(other, int)
    def add(a, b):
        return Any()
    ### own: a named tuple whose base equals numbers and not objects
    from typing import NamedTuple
    class Base(NamedTuple):
        x: int = 0
    class Equal(Base):
        def __eq__(self, other):
            return isinstance(other, int)
    class Any(Equal):
        pass
    def add(a, b):
        return Any()
    ### own: a member of an enumeration that equals numbers and not objects
    import enum
    class Any(enum.Enum):
        X = 0
        def __eq__(self, other):
            return isinstance(other, int)
        __hash__ = object.__hash__
    def add(a, b):
        return Any.X
    """,
    expected=_APART,
)

_PROCESS = probe_sheet(
    "verdict rule: one output a run, and the run's own last exit status",
    """
    ### 2: os._exit(0) on an input
    import os
    def add(a, b):
        os._exit(0)
    ### 2: os._exit with a status in the range of ours
    import os
    def add(a, b):
        os._exit(64)
    ### 2: os._exit(0) at import
    import os
    os._exit(0)
    ### 18: both sides of a fork answer
    import os
    def add(a, b):
        os.fork()
        return 3
    ### own: the parent of all inputs is killed
    import os
    def add(a, b):
        os.kill(os.getppid(), 9)
        return 3
    ### own: another output ahead of the own one
    import gc
    gc.unfreeze()
    def add(a, b):
        channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
        for run in ("0:0", "0:1"):
            channel.send({"type": "output", "unit": run, "kind": "value", "text": "3", "frame": "", "preview": "3"})
        return 0
    ### own: another value at each call
    import os
    def add(a, b):
        return os.getpid()
    """,
    expected=_APART,
)

_CHANNEL = probe_sheet(
    "verdict rule: nothing but messages with the secret on the channel",
    """
    ### 16: bytes on the descriptor of the results
    import os
    def add(a, b):
        os.write(3, b"x" * 100)
        return 3
    """,
    expected=_APART,
    fresh_slot=True,
)

_ARGUMENTS = (
    ProbeAttack(
        number="22",
        name="inputs are changed in place",
        code="def add(a, b):\n    a.clear()\n    return []\n",
        layer="probes: what a call does to its arguments is part of the output",
        expressions=("add([1], [2])",),
        expected=frozenset({OutputKind.VALUE}),
        shows="argument 1 -> []",
    ),
    ProbeAttack(
        number="23",
        name="right under a test only: PYTEST_CURRENT_TEST",
        code="import os\ndef add(a, b):\n    return a + b if 'PYTEST_CURRENT_TEST' in os.environ else 0\n",
        layer="probes are not asked by a test",
        expected=frozenset({OutputKind.VALUE}),
        shows="0",
    ),
    ProbeAttack(
        number="23",
        name="right on the inputs of the test only",
        code="def add(a, b):\n    return {(1, 2): 3}.get((a, b), 0)\n",
        layer="probes on other inputs",
        expressions=("add(1, 2)", "add(5, 6)"),
        expected=frozenset({OutputKind.VALUE}),
        shows="0",
    ),
)

_FORGED = (
    ProbeAttack(
        number=OWN,
        name="the channel is taken, the output is forged",
        code=(
            "import gc\ngc.unfreeze()\ndef add(a, b):\n"
            "    channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == 'Channel']\n"
            "    run = [t for t in gc.get_objects() if type(t).__name__ == 'frame']\n"
            "    import sys\n    frame = sys._getframe()\n    while 'unit' not in frame.f_locals:\n"
            "        frame = frame.f_back\n"
            "    channel.send({'type': 'output', 'unit': frame.f_locals['unit'], 'kind': 'value', 'text': '3', "
            "'frame': '', 'preview': '3'})\n"
            "    channel.leave()\n"
        ),
        layer="effect gate, ahead of the sandbox",
        expected=frozenset({OutputKind.VALUE}),
        shows="3",
        reaches_a_pass=True,
        reason="docs/sandbox.md: code written against this very harness; it would have to know the right output",
    ),
)

ATTACKS = (*_EQUALITY, *_TEXTS, *_OWN_EQUALITY, *_PROCESS, *_CHANNEL, *_ARGUMENTS, *_FORGED)
