"""Projects laid out as people lay them out, each filled through the real client, node, containers and write-back."""

from __future__ import annotations

import json
import os

import pytest
from commands import environment
from laid_out import TWICE, TWICE_CODES, TWICE_TESTS, all_accepted, answers, fill, write

pytestmark = pytest.mark.docker


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_src_layout_that_is_installed_for_editing(project, tmp_path):
    """Nothing in the project says where its modules are; a .pth file of the environment does."""
    write(
        project,
        {
            "src/shop/__init__.py": "",
            "src/shop/numbers.py": TWICE,
            "tests/test_numbers.py": """
                import shop.numbers


                def test_twice():
                    assert shop.numbers.twice(21) == 42
                    assert shop.numbers.__file__.endswith("src/shop/numbers.py")
            """,
        },
    )
    site = tmp_path / "site"
    site.mkdir()
    (site / "shop.pth").write_text(f"{project / 'src'}\n")
    (site / "sitecustomize.py").write_text("import os, site\n\nsite.addsitedir(os.path.dirname(__file__))\n")
    path = os.pathsep.join([str(site), environment()["PYTHONPATH"]])
    done, decided = fill(
        tmp_path, project, answers("shop.numbers:twice", TWICE_CODES, TWICE_TESTS), env={"PYTHONPATH": path}
    )
    all_accepted(done, decided, "shop.numbers:twice")
    assert "1 project tests, 1 of them reach a stub" in done.stdout


def test_tests_that_need_a_conftest_at_the_root_and_a_file_beside_it(project, tmp_path):
    write(
        project,
        {
            "numbers_.py": TWICE,
            "data/numbers.json": json.dumps({"1": 2, "8": 16}),
            "conftest.py": """
                import json

                import numbers_
                import pytest


                @pytest.fixture(scope="session")
                def expected():
                    with open("data/numbers.json") as file:
                        return json.load(file)


                @pytest.fixture
                def twice():
                    return numbers_.twice
            """,
            "tests/unit/test_numbers.py": """
                def test_all(twice, expected):
                    assert {x: twice(int(x)) for x in expected} == expected
            """,
        },
    )
    done, decided = fill(tmp_path, project, answers("numbers_:twice", TWICE_CODES, TWICE_TESTS))
    all_accepted(done, decided, "numbers_:twice")
    assert "1 project tests, 1 of them reach a stub" in done.stdout


def test_the_tests_run_in_several_processes_on_what_was_filled_once(project, tmp_path):
    write(
        project,
        {
            "numbers_.py": TWICE,
            "test_numbers.py": """
                import pytest
                from numbers_ import twice


                @pytest.mark.parametrize("x", range(6))
                def test_twice(x, worker_id):
                    assert twice(x) == x + x
                    print(f"in {worker_id}")
            """,
            "pytest.ini": "[pytest]\naddopts = -n2 -rP\n",
        },
    )
    done, decided = fill(tmp_path, project, answers("numbers_:twice", TWICE_CODES, TWICE_TESTS))
    all_accepted(done, decided, "numbers_:twice")
    assert "6 project tests, 6 of them reach a stub" in done.stdout
    assert done.stdout.count("stubs to fill") == 1
    assert {line for line in done.stdout.splitlines() if line.startswith("in gw")} == {"in gw0", "in gw1"}
