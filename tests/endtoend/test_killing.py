"""Whatever is killed, and whenever: source files are old or wholly new, and no container stays behind."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import signal

import docker
import pytest
from commands import ReplayNode, environment, started, supercharge
from docker.errors import APIError, NotFound
from nodes import RunningNode, ScriptedEngine
from replay import AREA, GOOD, TESTS, lines, replay_file

from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity

pytestmark = pytest.mark.docker

PROJECT_TEST = "from shapes import area\n\ndef test_big():\n    assert area(100, 100) == 10000\n"

# Imported by the run that is to die: it does so on its own, ahead of a chosen file operation or sandbox job.
DIES = """\
import os, pathlib, signal, sys
from pytest_supercharger.sandbox.slot import Slot

event, _, what = os.environ["DIES_AT"].partition(":")
jobs = []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def audit(name, args):
    if name == event and any(isinstance(a, (str, os.PathLike)) and what in os.fspath(a) for a in args):
        die()

def exchange(slot, job, seconds, real=Slot.exchange):
    again = any(job is known for known in jobs)  # a second try
    jobs.append(job)
    if event == "job" and len(jobs) == int(what):
        die()
    if event == "container" and job.get("overlay") and not again:
        number = sum(bool(known.get("overlay")) for known in jobs)
        if number % int(what) == 0:
            slot._api.kill(slot.container)
            pathlib.Path(__file__).with_name("killed").touch()
    return real(slot, job, seconds)

Slot.exchange = exchange
sys.addaudithook(audit)
"""


@pytest.fixture
def engine():
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shapes.py").write_text(AREA)
    (folder / "test_shapes.py").write_text(PROJECT_TEST)
    return folder


@pytest.fixture
def replay(tmp_path):
    return replay_file(tmp_path, lines(codes=GOOD, tests=TESTS))


@pytest.fixture
def node(replay):
    with ReplayNode(replay) as running:
        yield running


def asking(node):
    return ("--supercharge-node", node.address)


def is_old(project):
    return (project / "shapes.py").read_text() == AREA


def is_new(project):
    text = (project / "shapes.py").read_text()
    return "supercharge" not in text and any(text.endswith(good.partition("\n")[2]) for good in GOOD)


def containers_of(engine, pid):
    """Summaries of the containers, in any state, that a process has made."""
    found = engine.api.containers(all=True, filters={"label": CLIENT_LABEL})
    owners = [(ClientIdentity.parse(summary["Labels"][CLIENT_LABEL]), summary) for summary in found]
    return [summary for owner, summary in owners if owner is not None and owner.pid == pid]


def wait_for_their_end(engine, pid):
    """What was started notices by itself that its client is gone."""
    for summary in containers_of(engine, pid):
        if summary["State"] != "created":
            with contextlib.suppress(NotFound):
                engine.api.wait(summary["Id"], timeout=60, condition="removed")


def made(engine, occasion):
    """The engine's reports of our containers from now on."""
    own = {"type": "container", "event": occasion, "label": CLIENT_LABEL}
    return contextlib.closing(engine.api.events(decode=True, filters=own))


def made_by(event, pid):
    owner = ClientIdentity.parse(event["Actor"]["Attributes"][CLIENT_LABEL])
    return owner is not None and owner.pid == pid


def left_in(project):
    return sorted(path.name for path in project.iterdir() if path.name not in {".supercharge", "__pycache__"})


def completes(project, node, engine, dead):
    """The next run is an ordinary one, and removes what the dead ones could not."""
    done = supercharge(project, *asking(node))
    assert done.returncode == 0, done.stdout
    assert is_new(project)
    assert left_in(project) == ["shapes.py", "test_shapes.py"]
    assert [summary["Id"] for run in dead for summary in containers_of(engine, run.pid)] == []


@pytest.fixture
def dying(tmp_path):
    """Start a run that kills itself at a moment of our choice."""
    (tmp_path / "dies.py").write_text(DIES)
    path = os.pathsep.join([os.fspath(tmp_path), environment()["PYTHONPATH"]])

    def start(project, node, moment):
        return started(project, "-p", "dies", *asking(node), env={"DIES_AT": moment, "PYTHONPATH": path})

    return start


def test_a_run_killed_again_and_again_changes_nothing_and_leaves_no_container(project, node, engine, dying):
    """At lines it prints, while containers are made, and at sandbox jobs between them."""
    dead = []
    for said in ("stubs to fill", "project tests"):
        with started(project, *asking(node)) as run:
            run.until(said)
            run.signal(signal.SIGKILL)
            dead.append(run)
    for occasion in ("create", "start"):
        with made(engine, occasion) as events, started(project, *asking(node)) as run:
            assert any(made_by(event, run.pid) for event in events)
            run.signal(signal.SIGKILL)
            dead.append(run)
    for number in random.Random(20).sample(range(1, 16), 3):
        with dying(project, node, f"job:{number}") as run:
            run.end()
            dead.append(run)
    for run in dead:
        assert run.end() == -signal.SIGKILL, run.output
        wait_for_their_end(engine, run.pid)
    assert is_old(project)
    completes(project, node, engine, dead)


def test_runs_killed_while_they_write_leave_old_or_new_and_the_next_needs_no_model(project, node, engine, dying):
    """What was accepted before the first kill is all that the runs after it need."""
    kept = "shapes:area: kept from an interrupted run"
    dead = []
    for moment, said, written in (
        ("open:.shapes.py.", "shapes:area: accepted", False),
        ("os.rename:.shapes.py.", kept, False),
        ("os.remove:journal.jsonl", kept, True),
    ):
        with dying(project, node, moment) as run:
            assert run.end() == -signal.SIGKILL, run.output
        dead.append(run)
        assert said in run.output
        assert is_new(project) if written else is_old(project)
        wait_for_their_end(engine, run.pid)
        node.signal(signal.SIGKILL)
    completes(project, node, engine, dead)
    checked = supercharge(project, flag="--supercharge-check")
    assert "1 of 1 accepted functions pass their evidence" in checked.stdout


def test_a_node_that_is_killed_leaves_the_file_as_it_is_and_a_message(project, node, engine):
    with started(project, *asking(node)) as run:
        node.until("generate kind=")
        node.signal(signal.SIGKILL)
        status = run.end()
    # A quick run may have had all its answers before the signal came.
    assert status in (0, 1), run.output
    assert is_old(project) if status else is_new(project)
    assert not status or re.search(r"shapes:area: (error|abstained).*node", run.output)
    assert "Traceback" not in run.output
    assert containers_of(engine, run.pid) == []


def test_a_node_that_dies_before_it_answers_leaves_the_file_as_it_is_and_a_message(project, engine):
    silent = ScriptedEngine(max_context=8000)
    with RunningNode(silent) as node, started(project, *asking(node)) as run:
        silent.next_job()
        node.kill()
        status = run.end()
    assert status == 1, run.output
    assert is_old(project)
    assert re.search(r"shapes:area: (error|abstained).*node", run.output)
    assert "Traceback" not in run.output
    assert containers_of(engine, run.pid) == []


def test_a_run_survives_the_death_of_its_containers(project, node, engine, dying, tmp_path):
    """One is killed at its start, behind the first; then every fifth job of a candidate finds its own dead."""
    with made(engine, "start") as starts, dying(project, node, "container:5") as run:
        own = (event for event in starts if made_by(event, run.pid))
        kill(engine, next(itertools.islice(own, 1, None))["id"])
        status = run.end()
    assert (tmp_path / "killed").exists()
    assert status == 0, run.output
    assert is_new(project)
    assert "Traceback" not in run.output
    assert containers_of(engine, run.pid) == []


def test_when_the_first_container_is_killed_at_its_start_the_run_goes_on_or_says_why_not(project, node, engine):
    """It is the proof that the engine sees this machine's files, and may have ended already."""
    with made(engine, "start") as starts, started(project, *asking(node)) as run:
        kill(engine, next(event for event in starts if made_by(event, run.pid))["id"])
        status = run.end()
    assert status in (0, 4), run.output
    assert is_old(project) if status else is_new(project)
    assert ("ERROR: the sandbox's first container failed" in run.output) == (status == 4)
    assert "Traceback" not in run.output
    assert containers_of(engine, run.pid) == []


def kill(engine, container):
    with contextlib.suppress(APIError):  # it has ended by itself
        engine.api.kill(container)


SLOW = AREA.replace("def area", "def slow").replace("area(", "slow(")
ENDLESS = [
    f"def slow(width: float, height: float) -> float:\n    n = {n}\n    while True:\n        n += 1\n" for n in (1, 2)
]


@pytest.fixture
def two_stubs(project, tmp_path):
    """The answers for two: one is accepted at once, the code for the other never ends."""
    (project / "slow.py").write_text(SLOW)
    entries = [
        *lines(codes=GOOD, tests=TESTS, stub="shapes:area"),
        *lines(codes=ENDLESS, tests=TESTS, stub="slow:slow"),
    ]
    return replay_file(tmp_path, entries)


def test_an_interrupt_ends_the_run_at_once_and_loses_nothing(project, two_stubs, engine):
    """At once: long before the endless code of the other stub has used up its limits."""
    for number, status, said in (
        (signal.SIGINT, 2, "shapes:area: accepted"),
        (signal.SIGTERM, -signal.SIGTERM, "shapes:area: kept from an interrupted run"),
    ):
        with ReplayNode(two_stubs) as node, started(project, *asking(node), "--supercharge-time", "3600") as run:
            run.until(said)
            node.until("generate kind=code subject=slow:slow")
            run.signal(number)
            assert run.end() == status, run.output
        assert "slow:slow: accepted" not in run.output
        assert "Traceback" not in run.output
        assert "interrupted; accepted functions are kept" in run.output
        assert containers_of(engine, run.pid) == []
        assert is_old(project)
    done = supercharge(project, "--supercharge-only", "shapes:*")
    assert done.returncode == 0, done.stdout
    assert "shapes:area: kept from an interrupted run" in done.stdout
    assert is_new(project)
    assert (project / "slow.py").read_text() == SLOW


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 2), (signal.SIGTERM, -signal.SIGTERM)])
def test_an_interrupt_before_anything_is_known_leaves_nothing(project, node, engine, number, status):
    for said in ("stubs to fill", "project tests"):
        with started(project, *asking(node)) as run:
            run.until(said)
            run.signal(number)
            assert run.end() == status, run.output
        assert "Traceback" not in run.output
        assert containers_of(engine, run.pid) == []
        assert is_old(project)
        assert left_in(project) == ["shapes.py", "test_shapes.py"]
