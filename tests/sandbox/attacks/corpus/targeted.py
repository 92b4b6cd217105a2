"""Attacks that know this very harness: number 25, and ours. What they reach is what docs/sandbox.md says it is."""

from __future__ import annotations

from corpus.attack import sheet

__all__ = ["ATTACKS"]

_WHY = "docs/sandbox.md: code written against this very harness can reach the secret in its own process"
_LAYER = "effect gate, ahead of the sandbox; the split process of level 3"

_REACH = sheet(
    _LAYER,
    """
    ### 25: the functions that send are wrapped
    import gc
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
    manager, = [t for t in gc.get_objects() if type(t).__name__ == "PytestPluginManager" and t.has_plugin("runner")]
    real = manager._inner_hookexec
    def hookexec(name, *arguments):
        return True if name == "pytest_pyfunc_call" else real(name, *arguments)
    manager._inner_hookexec = hookexec
    """,
    reaches_a_pass=True,
    reason=_WHY,
)

_STOPPED = (
    *sheet(
        "verdict rule: nothing but messages with the secret on the channel",
        """
        ### 16: bytes to every descriptor
        import os
        for fd in range(256):
            try:
                os.write(fd, b"= 1 passed in 0.01s =")
            except OSError:
                pass
        ### 16: a final message to every descriptor
        import json, os, struct
        body = json.dumps({"type": "end", "exit": 0, "collected": ["test_it"]}).encode()
        for name in os.listdir("/proc/self/fd"):
            try:
                os.write(int(name), struct.pack(">I", len(body)) + body)
            except OSError:
                pass
        ### 16: the descriptors are opened anew through /proc/self/fd
        import os
        for name in os.listdir("/proc/self/fd"):
            try:
                open(f"/proc/self/fd/{name}", "wb", 0).write(b"passed")
            except OSError:
                pass
        ### own: a guessed secret and a false end
        import json, os, struct
        def add(a, b):
            body = json.dumps({"secret": "0" * 64, "type": "end", "exit": 0, "collected": []}).encode()
            os.write(3, struct.pack(">I", len(body)) + body)
            return a + b
        ### own: a header that swallows what follows
        import os
        def add(a, b):
            if a == 1:
                os.write(3, b"\\x00\\x00\\xff\\xff")
            return a + b
        ### own: the channel is closed
        import os
        os.close(3)
        ### own: the channel becomes a file
        import os
        os.dup2(os.open("/tmp/p/out", os.O_CREAT | os.O_RDWR), 3)
        ### own: the pipe is filled and never read
        import os
        def add(a, b):
            while True:
                os.write(3, bytes(65536))
        """,
    ),
    *sheet(
        "verdict rule: setup, call and teardown of each test passed",
        """
        ### own: the class of Reporter gets other methods
        import gc
        def add(a, b):
            reporter, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Reporter"]
            type(reporter).pytest_runtest_makereport = lambda self, call: None
            type(reporter)._explain = lambda self, call, report: {}
            return 0
        ### own: the plugin that runs tests is taken out
        import gc
        def add(a, b):
            manager, = [t for t in gc.get_objects() if type(t).__name__ == "PytestPluginManager" and t.has_plugin("runner")]
            manager.unregister(manager.get_plugin("runner"))
            return 0
        ### own: a module of the harness is shadowed after it was imported
        import sys, types
        fake = types.ModuleType("_supercharger.frames")
        fake.encode = lambda message: b""
        sys.modules["_supercharger.frames"] = sys.modules["_supercharger.inside.reporting"] = fake
        ### own: a finder ahead of all others
        import sys, types
        class Finder:
            def find_spec(self, name, path=None, target=None):
                sys.modules[name] = types.ModuleType(name)
        sys.meta_path.insert(0, Finder())
        ### own: modules that pytest imports late are shadowed by files
        import sys
        for name in ("pdb", "pprint", "attr", "difflib", "ast", "traceback", "linecache"):
            open(f"/tmp/p/{name}.py", "w").write("import os; os._exit(0)")
            sys.modules.pop(name, None)
        sys.path.insert(0, "/tmp/p")
        ### own: an exception with a hostile __str__
        class Odd(Exception):
            def __str__(self):
                raise SystemExit(0)
            __repr__ = __str__
        def add(a, b):
            raise Odd
        ### own: an exception that says it is of another class
        class Odd(Exception):
            __class__ = property(lambda self: KeyError)
            def __getattribute__(self, name):
                raise SystemExit(0)
        def add(a, b):
            raise Odd
        ### own: an exception whose class has no name
        class Meta(type):
            @property
            def __name__(cls):
                raise SystemExit(0)
        class Odd(Exception, metaclass=Meta):
            pass
        def add(a, b):
            raise Odd
        ### own: an exception whose message is no text
        class Text(str):
            def __format__(self, how):
                return Text("passed")
            def __getitem__(self, index):
                return ["passed"] * 3
        class Odd(Exception):
            def __str__(self):
                return Text("x")
        def add(a, b):
            raise Odd
        ### own: the item under test gets another name
        import gc
        def add(a, b):
            for thing in gc.get_objects():
                if type(thing).__name__ == "Function" and hasattr(thing, "_nodeid"):
                    thing._nodeid = thing._nodeid.replace("test_it", "test_that")
            return 0
        ### own: assertions are answered by __bool__ of a patched comparison
        import _pytest.assertion.util as util
        util._reprcompare = util._assertion_pass = lambda *arguments: "passed"
        """,
    ),
    *sheet(
        "verdict rule: one final report, and the job's own last exit status",
        """
        ### own: a second final report
        import gc
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.send({"type": "end", "exit": 0, "collected": []})
            return a + b
        ### own: the last step is taken away
        import gc
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.leave = lambda: None
            return a + b
        ### own: a message of an unknown kind
        import gc
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.send({"type": "passed", "node": "test_it"})
            return a + b
        """,
    ),
)

ATTACKS = (*_REACH, *_STOPPED)
