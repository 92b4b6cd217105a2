"""Whatever is killed, and whenever: source files are old or wholly new, and no container stays behind."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal

import docker
import pytest
from commands import ReplayNode, started, supercharge
from docker.errors import APIError, NotFound
from replay import AREA, GOOD, TESTS, lines, replay_file

from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity

pytestmark = pytest.mark.docker

PROJECT_TEST = "from shapes import area\n\ndef test_big():\n    assert area(100, 100) == 10000\n"

# Imported by the run that is to die: it does so on its own, ahead of a chosen file operation.
DIES = """\
import os, signal, sys

wanted, folder = os.environ["DIE_BEFORE"].split(":")

def hook(event, args):
    if event == wanted and any(isinstance(a, (str, os.PathLike)) and folder in os.fspath(a) for a in args):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
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
def node(tmp_path):
    with ReplayNode(replay_file(tmp_path, lines(codes=GOOD, tests=TESTS))) as running:
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


def left_in(project):
    return sorted(path.name for path in project.iterdir() if path.name not in {".supercharger", "__pycache__"})


def completes(project, node, engine, dead):
    """The next run is an ordinary one, and removes what the dead ones could not."""
    done = supercharge(project, *asking(node))
    assert done.returncode == 0, done.stdout
    assert is_new(project)
    assert left_in(project) == ["shapes.py", "test_shapes.py"]
    assert [containers_of(engine, pid) for pid in dead] == [[] for _ in dead]


def test_a_run_killed_again_and_again_changes_nothing_and_leaves_no_container(project, node, engine):
    """Between the lines it prints, moments are told apart by the requests that the node has answered."""
    answered = sorted(random.Random(20).sample(range(1, 7), 2))
    moments = [("stubs to fill", 0), ("project tests", 0), *[("", n) for n in answered], ("accepted", 0)]
    dead = []
    for said, number in moments:
        with started(project, *asking(node)) as run:
            if said:
                run.until(said)
            for _ in range(number):
                node.until("generate kind=")
            run.signal(signal.SIGKILL)
            status = run.end()
        if status == 0:  # it was faster than we: only where the last line was waited for
            assert said == "accepted"
            assert is_new(project)
        else:
            assert status == -signal.SIGKILL
            assert is_old(project) or (said == "accepted" and is_new(project))
        wait_for_their_end(engine, run.pid)
        dead.append(run.pid)
    completes(project, node, engine, dead)


@pytest.mark.parametrize("occasion", ["create", "start"])
def test_a_run_killed_while_containers_are_made_leaves_none(project, node, engine, occasion):
    for event in (occasion,):
        events = engine.api.events(decode=True, filters={"type": "container", "event": event, "label": CLIENT_LABEL})
        with contextlib.closing(events), started(project, *asking(node)) as run:
            for made in events:
                owner = ClientIdentity.parse(made["Actor"]["Attributes"][CLIENT_LABEL])
                if owner.pid == run.pid:
                    break
            run.signal(signal.SIGKILL)
            assert run.end() == -signal.SIGKILL
    assert is_old(project)
    wait_for_their_end(engine, run.pid)
    completes(project, node, engine, [run.pid])


@pytest.mark.parametrize(
    ("before", "written"),
    [("open:.supercharger-tmp", False), ("os.chmod:.supercharger-tmp", False), ("os.rename:.supercharger-tmp", False)],
)
def test_a_run_killed_while_it_writes_leaves_the_old_file_or_the_new(project, node, engine, tmp_path, before, written):
    (tmp_path / "dies.py").write_text(DIES)
    python_path = os.pathsep.join([os.fspath(tmp_path), os.environ.get("PYTHONPATH", "")])
    run = started(project, "-p", "dies", *asking(node), env={"DIE_BEFORE": before, "PYTHONPATH": python_path})
    with run:
        assert run.end() == -signal.SIGKILL, run.output
    assert is_new(project) if written else is_old(project)
    wait_for_their_end(engine, run.pid)
    completes(project, node, engine, [run.pid])


def test_a_node_that_is_killed_leaves_the_file_as_it_is_and_a_message(project, node, engine):
    with started(project, *asking(node)) as run:
        node.until("generate kind=")
        node.signal(signal.SIGKILL)
        status = run.end()
    assert status == 1, run.output
    assert is_old(project)
    assert re.search(r"shapes:area: (error|abstained).*node", run.output)
    assert "Traceback" not in run.output
    assert containers_of(engine, run.pid) == []


def test_a_run_survives_the_death_of_its_containers(project, node, engine):
    """One of them is killed every time the node has answered."""
    with started(project, *asking(node)) as run:
        run.until("project tests")
        killed = 0
        for _ in range(3):
            node.until("generate kind=")
            for summary in containers_of(engine, run.pid)[:1]:
                with contextlib.suppress(APIError):
                    engine.api.kill(summary["Id"])
                    killed += 1
        status = run.end()
    assert killed
    assert "Traceback" not in run.output
    assert status == 0, run.output
    assert is_new(project)
    assert containers_of(engine, run.pid) == []
