"""What the threads of a run share."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.stubs import find

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


def test_a_body_whose_import_hides_a_builtin_of_another_one_is_not_settled():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return pow(1, 1, 2)")))
    powers = Candidate(id="p", text_id="p", body="return int(pow(2, 1))\n", imports=("from math import pow",))
    outcome = ledger.settle(accepted(two, powers))
    assert outcome.decision is Decision.ABSTAINED
    assert "one new function brings 'pow' and another one means the built-in" in outcome.reason


def test_an_import_that_the_module_has_already_hides_nothing():
    source = SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=b"from math import pow\n" + TEXT)
    ledger, (one, two) = Ledger({"m.py": source}, find(source)), find(source)
    ledger.settle(accepted(one, body("return pow(1, 1)")))
    again = Candidate(id="p", text_id="p", body="return pow(2, 1)\n", imports=("from math import pow",))
    assert ledger.settle(accepted(two, again)).decision is Decision.ACCEPTED


def test_waiting_for_a_decided_stub_returns_at_once():
    ledger, (one, two) = made()
    ledger.settle(accepted(one, body("return 1")))
    assert ledger.wait_for(two.id, one.id, 60)


def test_a_decision_wakes_those_who_wait():
    ledger, (one, two) = made()
    woken = []
    waiter = threading.Thread(target=lambda: woken.append(ledger.wait_for(two.id, one.id, 60)))
    waiter.start()
    ledger.settle(accepted(one, body("return 1")))
    waiter.join()
    assert woken == [True]


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
    assert ledger.wait_for(two.id, one.id, 60) is False
    ledger.stop()
    waiter.join()


def test_stop_wakes_everybody():
    ledger, (one, two) = made()
    waiter = threading.Thread(target=ledger.wait_for, args=(two.id, one.id, 600))
    waiter.start()
    ledger.stop()
    waiter.join()
    assert not ledger.is_accepted(one.id)
