"""Each run has users of its own, as far as can be, and each of them has a name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_supercharger.sandbox import users
from pytest_supercharger.sandbox.reaper import ClientIdentity

ME = ClientIdentity(boot="b", namespace="1", pid=4711, started="1")


def test_processes_that_started_one_after_the_other_have_no_user_in_common() -> None:
    runs = [set(users.choose(20, (), replace(ME, pid=ME.pid + n))) for n in range(90)]
    assert len(set.union(*runs)) == 90 * 20


@pytest.mark.parametrize("count", [1, 20, 500, 4000])
def test_users_of_other_runs_are_left_alone(count: int) -> None:
    theirs = users.choose(count, (), ME)
    mine = users.choose(50, theirs, ME)
    assert len(set(mine)) == 50
    assert not set(mine) & set(theirs)


def test_where_all_are_taken_they_are_shared() -> None:
    assert len(users.choose(20, users.NUMBERS, ME)) == 20


@pytest.mark.parametrize("pid", [1, 98, 99, 4711, 4194304])
def test_every_user_has_a_name(pid: int) -> None:
    names = users.accounts()
    for number in users.choose(1200, (), replace(ME, pid=pid)):
        assert number in users.NUMBERS
        for lines in names.values():
            assert f"{users.variables(number)['USER']}:x:{users.uid(number)}:" in lines
        assert users.uid(number) < 60000
