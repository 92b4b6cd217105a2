"""What the command line says of what it is given."""

from __future__ import annotations

import pytest

from pytest_supercharger.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["calibrate", "--node", "here"], "the value is 'here'; give HOST:PORT"),
        (["calibrate", "--samples", "0"], "give a whole number from 1"),
        (["calibrate", "--time", "-1"], "give a positive number of seconds"),
        (["calibrate", "--json", "no/such/folder/x"], "give a file in a folder that exists"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    problem = capsys.readouterr().err
    assert end.value.code == 2
    assert problem.count("\n") == 1
    assert said in problem


@pytest.mark.parametrize(
    "text", [b"no JSON\n", b"[1]\n", b"\x1f\x8bno gzip", b'{"task_id": "x"}\n' + b"[" * 100_000 + b"\n"]
)
def test_a_file_without_tasks_is_one_line_and_exit_2(text, tmp_path, capsys):
    file = tmp_path / "tasks"
    file.write_bytes(text)
    assert main(["calibrate", "--tasks", str(file), "--node", "127.0.0.1:1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_node_that_is_not_there_is_one_line_and_exit_1(capsys):
    assert main(["calibrate", "--node", "127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == (
        'supercharger: model node 127.0.0.1:1 is not reachable; start it with "supercharger-node"\n'
    )
