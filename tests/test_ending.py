"""A signal that ends the process lets the run clean up first."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_supercharger import ending

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import signal
from pytest_supercharger import ending

signal.signal({number}, signal.SIG_DFL)  # under nohup it would be ignored
with ending.in_order():
    try:
        signal.raise_signal({number})
    except KeyboardInterrupt:
        print("cleaned up", flush=True)
print("still there")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_process_cleans_up_and_ends_by_the_signal(number):
    code = PROGRAM.format(number=int(number))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-number, "cleaned up\n"), done.stderr


def test_signals_that_somebody_else_handles_or_ignores_are_left_alone():
    previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ending.in_order():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_the_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGHUP)
    with ending.in_order():
        pass
    assert signal.getsignal(signal.SIGHUP) is before


def test_threads_do_nothing():
    failures = []

    def run():
        try:
            with ending.in_order():
                pass
        except ValueError as error:  # what signal.signal() raises there
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert failures == []
