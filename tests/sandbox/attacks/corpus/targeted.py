"""Attacks that know this very harness: number 25, and ours. What they reach is what docs/sandbox.md says it is."""

from __future__ import annotations

from corpus.attack import sheet

__all__ = ["ATTACKS"]

_WHY = "docs/sandbox.md: code written against this very harness can reach the secret in its own process"
_LAYER = "effect gate, ahead of the sandbox; the split process of level 3"

ATTACKS = sheet(
    _LAYER,
    """
    ### 25: the functions that send are wrapped
    import gc
    gc.unfreeze()
    def find(name):
        return [thing for thing in gc.get_objects() if type(thing).__name__ == name]
    channel, = find("Channel")
    reporter, = find("Reporter")
    real = channel.send
    def send(*messages):
        for message in messages:
            if message["type"] == "test":
                message = {k: v for k, v in message.items() if k not in ("error", "detail", "where")}
                message["phases"] = ["passed"] * 3
            if message["type"] == "end":
                message = {**message, "exit": 0}
            real(message)
    channel.send = reporter.send = reporter._send = send
    ### 25: secret and status are taken from the closures, the whole stream is forged
    import gc
    gc.unfreeze()
    def add(a, b):
        channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
        reporter, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Reporter"]
        node = reporter.current
        channel.send({"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.01})
        channel.send({"type": "done", "unit": node})
        channel.send({"type": "end", "exit": 0, "collected": [node]})
        channel.leave()
    ### 25: the channel is taken from a frame up the stack
    import sys
    def add(a, b):
        frame = sys._getframe()
        while "channel" not in frame.f_locals or "reporter" not in frame.f_locals:
            frame = frame.f_back
        channel, node = frame.f_locals["channel"], frame.f_locals["reporter"].current
        channel.send({"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.01})
        channel.send({"type": "done", "unit": node})
        channel.send({"type": "end", "exit": 0, "collected": [node]})
        channel.leave()
    ### own: the secret is read from the memory of the process
    import json, os, re, struct
    def add(a, b):
        parts = []
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                low, high = (int(part, 16) for part in line.split()[0].split("-"))
                if " rw" in line and high - low < 1 << 28 and "[v" not in line:
                    memory.seek(low)
                    parts.append(memory.read(high - low))
        whole = b"".join(parts)
        # What CPython writes ahead of a text of 64 ASCII characters: type, length, hash, state.
        head = re.escape(struct.pack("<QQ", id(str), 64))
        texts = set(re.findall(head + rb"(?s:.{8,24}?)([0-9a-f]{64})\\x00", whole))
        secret, = [text.decode() for text in texts if struct.pack("<QQ", id(bytes), 32) in whole and bytes.fromhex(text.decode()) in whole]
        node = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0]
        for message in (
            {"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.01},
            {"type": "done", "unit": node},
            {"type": "end", "exit": 0, "collected": [node]},
        ):
            body = json.dumps({"secret": secret, **message}).encode()
            os.write(3, struct.pack(">I", len(body)) + body)
        os._exit(64 + bytes.fromhex(secret)[0] % 64)
    ### own: the list of phases takes nothing but passes
    import gc
    gc.unfreeze()
    class Passes(list):
        def append(self, value):
            list.append(self, "passed")
    def add(a, b):
        reporter, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Reporter"]
        session, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Session"]
        reporter._phases = Passes(reporter._phases)
        type(session).testsfailed = property(lambda self: 0, lambda self, value: None)
        vars(session).pop("testsfailed", None)
        return 0
    ### own: json writes another message than it is given
    import json
    real = json.dumps
    def dumps(thing, **more):
        if isinstance(thing, dict) and thing.get("type") == "test":
            thing = {"secret": thing["secret"], "type": "test", "node": thing["node"], "phases": ["passed"] * 3, "seconds": 0}
        if isinstance(thing, dict) and thing.get("type") == "end":
            thing = {**thing, "exit": 0}
        return real(thing, **more)
    json.dumps = dumps
    ### own: the encoder of the harness is replaced
    import sys
    child = sys.modules["_supercharger.inside.child"]
    real = child.encode
    def encode(message):
        if message["type"] == "test":
            message = {k: v for k, v in message.items() if k not in ("error", "detail", "where")}
            message["phases"] = ["passed"] * 3
        if message["type"] == "end":
            message["exit"] = 0
        return real(message)
    child.encode = encode
    ### own: a relay on the result descriptor rewrites the messages on their way
    import json, os, struct
    far, near = os.pipe()
    if not os.fork():
        os.close(near)
        with open(far, "rb") as stream, open(3, "wb", 0) as out:
            while header := stream.read(4):
                message = json.loads(stream.read(struct.unpack(">I", header)[0]))
                if message["type"] == "test":
                    for name in ("error", "detail", "where"):
                        message.pop(name, None)
                    message["phases"] = ["passed"] * 3
                if message["type"] == "end":
                    message["exit"] = 0
                body = json.dumps(message).encode()
                out.write(struct.pack(">I", len(body)) + body)
        os._exit(0)
    os.dup2(near, 3)
    os.close(near)
    os.close(far)
    ### own: answers are guessed by forks; those that guess wrong end without a word
    import builtins, os
    class Silent(AssertionError):
        def __init__(self, *arguments):
            os._exit(99)
    builtins.AssertionError = Silent
    def add(a, b):
        for guess in range(10):
            child = os.fork()
            if not child:
                return guess
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status != 99:
                os._exit(status)
    ### own: an autouse fixture in the test's module replaces the test
    import pytest, sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    @pytest.fixture(autouse=True)
    def replace(request):
        request.node.obj = lambda: None
    frame.f_globals["replace"] = replace
    ### own: the caller of pluggy answers for pytest_pyfunc_call
    import gc
    gc.unfreeze()
    manager, = [t for t in gc.get_objects() if type(t).__name__ == "PytestPluginManager" and t.has_plugin("runner")]
    real = manager._inner_hookexec
    def hookexec(name, *arguments):
        return True if name == "pytest_pyfunc_call" else real(name, *arguments)
    manager._inner_hookexec = hookexec
    """,
    reaches_a_pass=True,
    reason=_WHY,
)
