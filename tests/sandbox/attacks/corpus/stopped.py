"""Attacks of ours on this very harness, and on its descriptors, that come to nothing."""

from __future__ import annotations

from corpus.attack import sheet
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

ATTACKS = (
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
        """,
        fresh_slot=True,
    ),
    *sheet(
        "limit on messages",
        """
        ### own: the pipe is filled and never read
        import os
        def add(a, b):
            while True:
                os.write(3, bytes(65536))
        """,
        expected=frozenset({Verdict.OUTPUT}),
        fresh_slot=True,
    ),
    *sheet(
        "verdict rule: setup, call and teardown of each test passed",
        """
        ### own: the class of Reporter gets other methods
        import gc
        gc.unfreeze()
        def add(a, b):
            reporter, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Reporter"]
            type(reporter).pytest_runtest_makereport = lambda self, call: None
            type(reporter)._explain = lambda self, call, report: {}
            return 0
        ### own: the plugin that runs tests is taken out
        import gc
        gc.unfreeze()
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
        gc.unfreeze()
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
        "verdict rule: what decides outcomes is what it was before; json is bound before any job",
        """
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
        """,
    ),
    *sheet(
        "verdict rule: what runs as a test is what its module defines",
        """
        ### own: an autouse fixture in the test's module replaces the test
        import pytest, sys
        frame = sys._getframe()
        while not frame.f_globals.get("__name__", "").startswith("test_"):
            frame = frame.f_back
        @pytest.fixture(autouse=True)
        def replace(request):
            request.node.obj = lambda: None
        frame.f_globals["replace"] = replace
        """,
    ),
    *sheet(
        "the channel: results go to the pipe that PID 1 made, or nowhere",
        """
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
                        message["exit"], message["changed"] = 0, []
                    body = json.dumps(message).encode()
                    out.write(struct.pack(">I", len(body)) + body)
            os._exit(0)
        os.dup2(near, 3)
        os.close(near)
        os.close(far)
        """,
    ),
    *sheet(
        "verdict rule: one final report, and the job's own last exit status",
        """
        ### own: a second final report
        import gc
        gc.unfreeze()
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.send({"type": "end", "exit": 0, "collected": []})
            return a + b
        ### own: the last step is taken away
        import gc
        gc.unfreeze()
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.leave = lambda: None
            return a + b
        ### own: a message of an unknown kind
        import gc
        gc.unfreeze()
        def add(a, b):
            channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
            channel.send({"type": "passed", "node": "test_it"})
            return a + b
        """,
    ),
)
