"""Attacks that know this very harness: number 25, and ours. What they reach is what docs/sandbox.md says it is.

They are written as one who has read the code would: canaries come to what they have to, and what is looked at in the
end is put back before.
"""

from __future__ import annotations

from dataclasses import replace

from corpus.attack import sheet

__all__ = ["ATTACKS"]

_FORGE = """\
import gc, sys
from _supercharger.inside.running import prebuilt


# The test's own words are false; the canaries behind it run as they are.
def forge(send):
    gc.unfreeze()
    reporter, session = prebuilt.reporter, prebuilt._session
    node = reporter.current
    modules = [thing for thing in gc.get_objects() if type(thing).__name__ == "TestModule"]
    others = [module for module in modules if f"{module.name}.py" in sys.argv[2:]]
    send({"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.01})
    send({"type": "done", "unit": node})
    session._setupstate = type(session._setupstate)()
    status = prebuilt.run(others)
    send({"type": "end", "exit": status, "collected": reporter.collected, "changed": []})


# Of a message about the test itself the false one; of the final one that of the canaries alone.
def false(message, failed=[]):
    own = message.get("node", "").endswith("::test_it")
    if message["type"] == "test" and own:
        message = {"type": "test", "node": message["node"], "phases": ["passed"] * 3, "seconds": 0.01}
    elif message["type"] == "test" and message["phases"] != ["passed"] * 3:
        failed.append(message["node"])
    elif message["type"] == "end":
        message = {**message, "exit": int(bool(failed)), "changed": []}
    return message


"""

_WHY = "docs/sandbox.md: code written against this very harness can reach the secret in its own process"
_LAYER = "effect gate, ahead of the sandbox; the split process of level 3"

_KNOWS = sheet(
    _LAYER,
    """
    ### 25: the functions that send are wrapped
    gc.unfreeze()
    channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
    reporter, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Reporter"]
    real = channel.send
    channel.send = reporter.send = lambda *messages: real(*map(false, messages))
    ### 25: secret and status are taken from the closures, the whole stream is forged
    gc.unfreeze()
    def add(a, b):
        channel, = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
        forge(channel.send)
        channel.leave()
    ### 25: the channel is taken from a frame up the stack
    def add(a, b):
        try:
            raise ValueError
        except ValueError as error:
            frame = error.__traceback__.tb_frame
        while "channel" not in frame.f_locals or "reporter" not in frame.f_locals:
            frame = frame.f_back
        forge(frame.f_locals["channel"].send)
        frame.f_locals["channel"].leave()
    ### own: the secret is read from the memory of the process
    import json, os, re, struct
    def secret():
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
        texts = {text.decode() for text in re.findall(head + rb"(?s:.{8,24}?)([0-9a-f]{64})\\x00", whole)}
        found, = [text for text in texts if bytes.fromhex(text) in whole]
        return found
    def add(a, b):
        found = secret()
        def send(message):
            body = json.dumps({"secret": found, **message}).encode()
            os.write(3, struct.pack(">I", len(body)) + body)
        forge(send)
        os._exit(64 + bytes.fromhex(found)[0] % 64)
    ### own: the phases of the test take nothing but passes
    class Passes(dict):
        def __setitem__(self, when, outcome):
            dict.__setitem__(self, when, "passed")
    def add(a, b):
        prebuilt.reporter._phases = Passes(prebuilt.reporter._phases)
        prebuilt._session.testsfailed -= 1
        return 0
    ### own: json's encoder writes another message than it is given
    import json.encoder
    real = json.encoder.c_make_encoder
    def make(*settings):
        encode = real(*settings)
        return lambda thing, level: encode({"secret": thing["secret"], **false(thing)}, level)
    json.encoder.c_make_encoder = make
    ### own: the encoder of the harness is replaced, and put back when it has done its work
    from _supercharger.inside import child
    real = child.encode
    def encode(message):
        if message["type"] == "done":
            child.encode = real
        return real({"secret": message["secret"], **false(message)})
    def add(a, b):
        child.encode = encode
        prebuilt._session.testsfailed -= 1
        return 0
    ### own: answers are guessed by forks; those that guess wrong end without a word
    import builtins, os
    honest = builtins.AssertionError
    class Silent(AssertionError):
        def __init__(self, *arguments):
            os._exit(99)
    class Guess(int):
        def __del__(self):
            builtins.AssertionError = honest
    def add(a, b):
        builtins.AssertionError = Silent
        for guess in range(10):
            child = os.fork()
            if not child:
                return Guess(guess)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status != 99:
                os._exit(status)
    ### own: the caller of pluggy answers for pytest_pyfunc_call of the test
    manager = prebuilt._config.pluginmanager
    real = manager._inner_hookexec
    def hookexec(name, methods, given, first):
        if name == "pytest_pyfunc_call" and given["pyfuncitem"].name == "test_it":
            return True
        return real(name, methods, given, first)
    manager._inner_hookexec = hookexec
    """,
    reaches_a_pass=True,
    reason=_WHY,
)

ATTACKS = tuple(replace(attack, code=_FORGE + attack.code) for attack in _KNOWS)
