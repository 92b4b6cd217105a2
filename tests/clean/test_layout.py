"""The new body is laid out in the project's own style, and never changed."""

from __future__ import annotations

import pytest

from pytest_supercharger.clean.layout import Style, format_body, format_helper, project_style

LONG = "return some_function(first_argument, second_argument, third_argument)\n"


def test_the_limit_counts_from_where_the_body_will_stand() -> None:
    assert format_body(LONG, Style(column_limit=88)) == LONG
    assert format_body(LONG, Style(column_limit=88), margin=16) != LONG


def test_a_syntax_newer_than_the_formatter_keeps_the_text() -> None:
    body = "match  x:\n    case  [1,2]:\n        return  1\n"
    assert format_body(body, Style()) in {body, "match x:\n    case [1, 2]:\n        return 1\n"}


@pytest.mark.parametrize("body", ["not python at all (\n", ""])
def test_text_that_does_not_parse_is_kept(body: str) -> None:
    assert format_body(body, Style()) == body


def test_a_formatter_that_knows_no_such_style_keeps_the_text() -> None:
    assert format_body("x=1\n", Style(base="no such style")) == "x=1\n"


def test_a_string_over_several_lines_is_untouched() -> None:
    body = 'x = """a\n        b\nc"""\nreturn x\n'
    assert format_body(body, Style()) == body


def test_await_is_formatted_too() -> None:
    assert format_body("x=await  y\n", Style()) == "x = await y\n"


def test_a_helper_keeps_its_meaning_and_its_comment() -> None:
    assert format_helper("# why\ndef g(x):\n  return  x\n", Style()) == "# why\ndef g(x):\n    return x\n"


@pytest.mark.parametrize(
    ("files", "style"),
    [
        ({}, Style()),
        ({"pyproject": "[tool.black]\n"}, Style(column_limit=88)),
        ({"pyproject": "[tool.black]\nline-length = 100\n"}, Style(column_limit=100)),
        ({"pyproject": "[tool.ruff]\nline-length = 110\n"}, Style(column_limit=110)),
        (
            {"pyproject": "[tool.yapf]\nbased_on_style = 'google'\ncolumn_limit = 90\n"},
            Style(base="google", knobs={}, column_limit=90),
        ),
        (
            {"style_yapf": "[style]\nbased_on_style = facebook\nindent_width = 2\n"},
            Style(base="facebook", knobs={"indent_width": "2"}),
        ),
        ({"setup_cfg": "[yapf]\nbased_on_style = pep8\n"}, Style(knobs={})),
        ({"pyproject": "not = [toml", "style_yapf": "no ini"}, Style()),
    ],
)
def test_the_projects_own_files_name_the_style(files: dict[str, str], style: Style) -> None:
    assert project_style(**files) == style


def test_a_table_of_constants_is_left_alone_and_the_rest_laid_out() -> None:
    table = "".join(f"    'name of number {n}':  {n},\n" for n in range(60))
    body = f"table = {{\n{table}}}\nx=1\n"
    assert format_body(body, Style()) == f"table = {{\n{table}}}\nx = 1\n"


def test_many_long_statements_are_left_alone_and_the_rest_laid_out() -> None:
    body = LONG.replace("return", "x  =") * 4
    assert format_body(f"{body}x=1\n", Style(column_limit=60)) == f"{body}x = 1\n"
