"""What the threads of a run share."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile
from pytest_supercharger.ledger import Ledger, Waited
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.sandbox.opened import Opened
from pytest_supercharger.stubs import find
from pytest_supercharger.writeback.unfill import open_again

TEXT = b'''from pytest_supercharger import supercharge


@supercharge
def one() -> int:
    """Return 1."""
    raise NotImplementedError


@supercharge
def two() -> int:
    """Return 2."""
    raise NotImplementedError
'''


def made():
    source = SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=TEXT)
    stubs = find(source)
    return Ledger({"m.py": source}, stubs), stubs


def body(text):
    return Candidate(id=text, text_id=text, body=f"{text}\n")


def accepted(stub, candidate):
    return Outcome(stub=stub, decision=Decision.ACCEPTED, reason="", candidate=candidate)


def test_an_overlay_holds_accepted_and_extra_bodies():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return 1")))
    text = ledger.overlay([(two, body("return 2"))])["m.py"].decode()
    assert "return 1" in text
    assert "return 2" in text
    assert "supercharge" not in text


def test_an_accepted_body_can_be_left_out():
    ledger, (one, _) = made()
    ledger.settle(accepted(one, body("return 1")))
    assert ledger.overlay(without=[one.id]) == {}


def test_an_import_that_would_hide_a_builtin_of_another_body_gets_another_name():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return pow(1, 1, 2)")))
    powers = Candidate(id="p", text_id="p", body="return int(pow(2, 1))\n", imports=("from math import pow",))
    assert ledger.settle(accepted(two, powers)).decision is Decision.ACCEPTED
    text = ledger.overlay()["m.py"].decode()
    assert "from math import pow as pow_2\n" in text
    assert "return int(pow_2(2, 1))\n" in text
    assert "return pow(1, 1, 2)\n" in text
    assert ledger.as_written("m.py")[1][1].imports == ("from math import pow as pow_2",)


def test_a_body_that_cannot_stand_beside_another_one_is_not_settled():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, Candidate(id="a", text_id="a", body="return h\n", helpers=("h = 1\n",))))
    other = Candidate(id="b", text_id="b", body="return globals()['h']\n", helpers=("h = 2\n",))
    outcome = ledger.settle(accepted(two, other))
    assert outcome.decision is Decision.ABSTAINED
    assert "cannot be written beside the other accepted functions: m.py: the new code needs 'h'" in outcome.reason


def test_an_import_that_the_module_has_already_hides_nothing():
    source = SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=b"from math import pow\n" + TEXT)
    ledger, (one, two) = Ledger({"m.py": source}, find(source)), find(source)
    ledger.settle(accepted(one, body("return pow(1, 1)")))
    again = Candidate(id="p", text_id="p", body="return pow(2, 1)\n", imports=("from math import pow",))
    assert ledger.settle(accepted(two, again)).decision is Decision.ACCEPTED


def test_waiting_for_a_decided_stub_returns_at_once():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return 1")))
    assert ledger.wait_for(two.id, one.id, 60) is Waited.FILLED


def test_a_decision_wakes_those_who_wait():
    ledger, (one, two) = made()
    woken = []
    waiter = threading.Thread(target=lambda: woken.append(ledger.wait_for(two.id, one.id, 60)))
    waiter.start()
    ledger.settle(accepted(one, body("return 1")))
    waiter.join()
    assert woken == [Waited.FILLED]


def test_a_circle_of_waiting_is_refused():
    ledger, (one, two) = made()
    entered = threading.Event()

    def wait():
        entered.set()
        ledger.wait_for(one.id, two.id, 60)

    waiter = threading.Thread(target=wait)
    waiter.start()
    entered.wait()
    while two.id not in ledger._waiting.values():
        pass
    assert ledger.wait_for(two.id, one.id, 60) is Waited.CIRCLE
    ledger.stop()
    waiter.join()


@pytest.mark.parametrize("listens", [True, False])
def test_who_waits_for_what_tests_may_get_to_needs_nobody(listens):
    ledger, (one, two) = made()

    def wait():
        with ledger.listening(one.id) if listens else contextlib.nullcontext():
            ledger.wait_for(one.id, two.id, 60)

    waiter = threading.Thread(target=wait)
    waiter.start()
    while two.id not in ledger._waiting.values():
        pass
    assert ledger.needs(one.id, two.id) is not listens
    assert not ledger.needs(two.id, one.id)
    ledger.stop()
    waiter.join()


def test_a_stub_that_was_left_open_is_not_filled():
    ledger, (one, two) = made()
    ledger.settle(Outcome(stub=one, decision=Decision.ABSTAINED, reason=""))
    assert ledger.wait_for(two.id, one.id, 60) is Waited.NOT_FILLED


def test_the_last_of_a_circle_to_sit_down_chooses_for_all():
    ledger, (one, two) = made()
    heard = []

    def sit(stub, other):
        circle = ledger.sit(stub.id, frozenset({other.id}), 60)
        heard.append((stub.id, sorted(circle)))
        ledger.rise(circle)

    def wait_and_sit():
        heard.append(ledger.wait_for(one.id, two.id, 60))
        sit(one, two)

    waiter = threading.Thread(target=wait_and_sit)
    waiter.start()
    while one.id not in ledger._waiting:
        pass
    sit(two, one)
    waiter.join()
    assert heard == [Waited.CIRCLE, (one.id, [one.id, two.id]), (two.id, [])]


def test_a_decision_on_what_is_needed_ends_the_sitting():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return 1")))
    assert ledger.sit(two.id, frozenset({one.id}), 60) == frozenset()
    assert not ledger.are_open({one.id})


def test_nobody_sits_longer_than_is_allowed():
    ledger, (one, two) = made()
    assert ledger.sit(two.id, frozenset({one.id}), 0) == frozenset()
    assert ledger.are_open({one.id})


def test_stop_wakes_everybody():
    ledger, (one, two) = made()
    waiter = threading.Thread(target=ledger.wait_for, args=(two.id, one.id, 600))
    waiter.start()
    ledger.stop()
    waiter.join()
    assert not ledger.is_accepted(one.id)


FILLED = TEXT.partition(b"\n\n\n")[2].replace(b"@supercharge\n", b"")
FILLED = FILLED.replace(b"raise NotImplementedError", b"return 1", 1)
FILLED = FILLED.replace(b"raise NotImplementedError", b"return  2  # as somebody has written it")


def reopened():
    source = SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=FILLED)
    again = open_again(source, {1: {}, 6: {}})
    stubs = [stub for stub, _ in again.old.values()]
    return Ledger({"m.py": again.marked}, stubs, again={"m.py": again}), stubs


def test_a_function_that_was_filled_before_goes_on_with_its_body_where_it_gets_no_other():
    ledger, (one, two) = reopened()
    assert ledger.overlay() == {}
    assert b"supercharge" in ledger.overlay([(one, body("return 0 + 1"))])["m.py"]
    ledger.settle(Outcome(stub=two, decision=Decision.ABSTAINED, reason="no"))
    assert ledger.wait_for(one.id, two.id, 0) is Waited.FILLED
    assert ledger.is_accepted(two.id)
    ledger.settle(accepted(one, body("return 0 + 1")))
    new = FILLED.replace(b"return 1", b"return 0 + 1")
    assert ledger.overlay() == {"m.py": new}
    assert ledger.before("m.py") == FILLED.replace(b"return 1", b"raise NotImplementedError")
    assert b"supercharge" in ledger.overlay(without=[one.id])["m.py"]
    ledger.withdraw(one.id)
    assert ledger.overlay() == {"m.py": FILLED}
    assert ledger.before("m.py") == FILLED


def test_what_is_open_again_is_below_every_overlay():
    inner = FakeSandbox()
    sandbox = Opened(inner, {"m.py": b"open", "n.py": b"open"})
    sandbox.gate({}, None)
    sandbox.run_tests({"m.py": b"new"}, [])
    sandbox.probe({"m.py": b"new"}, "m", [])
    sandbox.run_split({"m.py": b"new"}, [])
    base = {"m.py": b"open", "n.py": b"open"}
    assert [seen for _, seen, _ in inner.calls] == [base, base | {"m.py": b"new"}, base | {"m.py": b"new"}, base]
