"""The pool's scheduler in virtual time: nothing is lost, nothing counts twice, nobody waits for a node that is gone."""

from __future__ import annotations

import random
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.pool.state import Tuning

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from pooling.simulation import Machine, Round, Simulation, Stub

ROUNDS = (Round(samples=8), Round(kind="test", samples=4), Round(kind="repair", samples=1))


def stubs(count, rounds=ROUNDS, **more):
    return [Stub(name=f"m:f{number}", rounds=rounds, **more) for number in range(count)]


def every_sample_once(simulation, asked):
    expected = {(stub.name, n): dict.fromkeys(range(r.samples), 1) for stub in asked for n, r in enumerate(stub.rounds)}
    assert {key: dict(got) for key, got in simulation.got.items()} == expected


def nothing_is_left(simulation):
    scheduler = simulation.scheduler
    assert not scheduler.held.jobs
    assert not scheduler.held.leases
    assert {node.under_way for node in scheduler.nodes.values()} == {0}


def ideal(machines, asked, tokens=100):
    samples = sum(r.samples for stub in asked for r in stub.rounds)
    return samples * tokens / sum(machine.rows * machine.speed for machine in machines)


@pytest.mark.parametrize("count", [1, 4, 16])
def test_time_is_work_divided_by_nodes(count):
    machines = [Machine(name=f"n{n}") for n in range(count)]
    asked = stubs(60)
    simulation = Simulation(machines)
    assert simulation.run(asked) < 1.1 * ideal(machines, asked)
    every_sample_once(simulation, asked)


def test_nodes_of_unequal_speed_end_together():
    machines = [Machine(name=f"n{n}", speed=100.0 * 2**n) for n in range(4)]
    asked = stubs(200)
    simulation = Simulation(machines)
    assert simulation.run(asked) < 1.05 * ideal(machines, asked)
    every_sample_once(simulation, asked)


def test_a_node_that_is_too_full_to_say_its_load_is_not_given_up():
    machines = [Machine(name="slow", speed=10.0), Machine(name="fast")]
    simulation = Simulation(machines)
    simulation.at(0.05, partial(setattr, machines[0], "full", True))
    asked = stubs(30)
    simulation.run(asked)
    assert simulation.scheduler.nodes["slow"].errors == 0
    assert machines[0].done > 0
    every_sample_once(simulation, asked)


FAULTS = ("kill", "pause", "slow", "garbage", "full", "other model")


def disturb(simulation, name, fault, begin, seconds):
    """Something goes wrong with a machine at a moment, and is over some seconds later."""
    machine = simulation.machines[name]
    change = partial(setattr, machine)
    begins, ends = {
        "kill": (partial(simulation.kill, name), partial(simulation.restart, name)),
        "pause": (partial(simulation.pause, name), partial(simulation.resume, name)),
        "slow": (partial(change, "slowness", 100.0), partial(change, "slowness", 1.0)),
        "garbage": (partial(change, "garbage", True), partial(change, "garbage", False)),
        "full": (partial(change, "full", True), partial(change, "full", False)),
        "other model": (
            partial(replaced, simulation, name, "other"),
            partial(replaced, simulation, name, machine.model),
        ),
    }[fault]
    simulation.at(begin, begins)
    simulation.at(begin + seconds, ends)


def replaced(simulation, name, model):
    simulation.kill(name)
    simulation.restart(name, model=model)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 6), models=st.integers(1, 2))
def test_whatever_nodes_do_every_sample_comes_once_and_in_time(seed, count, models):
    rng = random.Random(seed)
    machines = [
        Machine(name=f"n{n}", speed=rng.choice((50.0, 100.0, 400.0)), model=f"m{n % models}") for n in range(count)
    ]
    simulation = Simulation(machines, seed=seed, tokens=(20, 180))
    for _ in range(20):
        name = f"n{rng.randrange(1, count)}"  # one node stays well: with none, there is nothing to promise
        disturb(simulation, name, rng.choice(FAULTS), rng.uniform(0, 40), rng.uniform(0.1, 15))
    asked = stubs(30, seconds=600.0)
    simulation.run(asked, until=2000)
    assert {done.error for done in simulation.ends.values()} == {""}
    every_sample_once(simulation, asked)
    nothing_is_left(simulation)
    scheduler = simulation.scheduler
    assert scheduler.held.doubled <= max(1, 0.1 * scheduler.held.asked)
    assert {model for used in simulation.models.values() for model in used} <= scheduler.models


def test_the_same_seed_gives_the_same_run():
    def run():
        simulation = Simulation([Machine(name=f"n{n}") for n in range(3)], seed=7, tokens=(20, 180))
        disturb(simulation, "n1", "kill", 1.0, 4.0)
        disturb(simulation, "n2", "slow", 2.0, 9.0)
        return simulation.run(stubs(20)), simulation.scheduler.held.doubled, simulation.ended_at

    assert run() == run()


def test_a_paused_node_is_left_within_seconds():
    simulation = Simulation([Machine(name="well", rows=64), Machine(name="paused", rows=64)])
    simulation.at(0.5, partial(simulation.pause, "paused"))
    asked = stubs(8, (Round(samples=8),))
    assert simulation.run(asked, until=100) < 0.5 + 2 * Tuning().silence + 2
    every_sample_once(simulation, asked)


def test_a_slowed_node_is_doubled_and_then_left_and_the_waste_is_bounded():
    tuning = Tuning()
    simulation = Simulation([Machine(name="well", rows=64), Machine(name="slow", rows=64, slowness=1e6)], tuning=tuning)
    asked = stubs(8, (Round(samples=8),))
    assert simulation.run(asked, until=100) < 10 + 2 * 512 / 100
    every_sample_once(simulation, asked)
    assert 0 < simulation.scheduler.held.doubled <= 0.1 * simulation.scheduler.held.asked + 1


def test_a_deadline_that_passes_ends_the_question_and_its_work():
    simulation = Simulation([Machine(name="n", slowness=1e6)])
    asked = stubs(3, (Round(samples=4),), seconds=5.0)
    assert simulation.run(asked, until=100) == pytest.approx(5.0, abs=0.2)
    assert not any(done.error for done in simulation.ends.values())
    nothing_is_left(simulation)


def test_a_run_whose_nodes_are_all_gone_ends_with_the_reason():
    simulation = Simulation([Machine(name="n")])
    simulation.at(0.5, partial(simulation.kill, "n"))
    simulation.run(stubs(2, seconds=1000.0), until=100)
    assert {done.error for done in simulation.ends.values()} == {"model node n is not reachable"}
    assert simulation.now < 20


def test_a_client_that_was_stopped_itself_blames_no_node():
    simulation = Simulation([Machine(name=f"n{n}", slowness=1e5) for n in range(2)])
    simulation.run(stubs(2, (Round(samples=4),)), until=3)
    scheduler = simulation.scheduler
    first, *_ = scheduler.nodes.values()
    scheduler.step(simulation.now + 300)
    first.heard = simulation.now + 300.1
    scheduler.step(simulation.now + 300.1)
    assert [node.errors for node in scheduler.nodes.values()] == [0, 0]


def test_tests_come_from_another_model_than_codes_where_both_have_room():
    machines = [Machine(name=f"n{n}", model=f"m{n % 2}", rows=400) for n in range(4)]
    simulation = Simulation(machines)
    asked = stubs(20)
    simulation.run(asked)
    for stub in asked:
        codes, tests, repairs = (simulation.models[stub.name, number] for number in range(3))
        assert codes == repairs
        assert codes.isdisjoint(tests)
