"""Whether code does the same when names that it brings become others: a name may be seen by more than those who use it.

A function or a class knows what it is called: it shows in `repr`, in the wording of errors, and in the private names of
a class. So no class is renamed, for whoever gets an instance sees its name, and a function only where all that is ever
done with it is a call that fits, and nothing that it makes knows its name and may leave it.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from pytest_supercharger import dotted, parsing
from pytest_supercharger.writeback.names import meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_supercharger.domain import Candidate

__all__ = ["is_harmless"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_KNOWS_ITS_NAME = (*_DEFINITIONS, ast.Lambda, ast.Yield, ast.YieldFrom)
_CACHES = frozenset({"functools.cache", "functools.lru_cache"})
_WORD = re.compile(r"[^\W\d]\w*")
# What finds names by their text, reads what something is called, or notes in which function it was.
_BUILTINS = frozenset({"__import__", "compile", "dir", "eval", "exec", "globals", "locals", "vars"})
_MODULES = frozenset({"gc", "importlib", "inspect", "logging", "pickle", "sys", "traceback"})
_SPECIAL = frozenset({"__code__", "__dict__", "__doc__", "__getattribute__", "__globals__", "__module__", "__name__"})
_SPECIAL |= {"__qualname__", "__traceback__", "__class__", "co_name", "f_code", "tb_frame"}
_LOGGING = frozenset({"critical", "debug", "error", "exception", "info", "warning"})


def is_harmless(candidate: Candidate, names: Collection[str]) -> bool:
    """Whether nobody can tell that these names of a candidate's imports and helpers have become others."""
    helpers = [parsing.module(code) for code in candidate.helpers]
    nodes = [node for tree in (parsing.module(candidate.body), *helpers) for node in parsing.walked(tree)]
    imports = [node for code in candidate.imports for node in parsing.module(code).body]
    if any(_looks(node, names) for node in nodes) or any(_is_under_another_name(node, names) for node in imports):
        return False
    defined = [node for node in nodes if isinstance(node, _DEFINITIONS) and node.name in names]
    functions = {node.name: node for node in defined if isinstance(node, ast.FunctionDef)}
    if len(functions) < len(defined) or any(_is_in_text(nodes, name) for name in functions):
        return False
    bound = {name: target for node in imports for name, target in dotted.bindings(node).items()}
    return _are_called_only(nodes, functions) and all(_is_plain(function, bound) for function in functions.values())


def _looks(node: ast.AST, names: Collection[str]) -> bool:
    """Whether code may find one of the names by its text, in another module or as what something is called."""
    if isinstance(node, ast.Name):
        return node.id in _BUILTINS | _MODULES | _SPECIAL
    if isinstance(node, ast.Attribute):
        return node.attr in _SPECIAL | _LOGGING or node.attr in names
    if isinstance(node, ast.alias):
        return not {*node.name.split(".")}.isdisjoint({*_MODULES, *names})
    return isinstance(node, ast.Constant) and not _SPECIAL.isdisjoint(_words(node.value))


def _is_under_another_name(node: ast.stmt, names: Collection[str]) -> bool:
    """Whether an import takes what has one of these names, maybe in this very module, under a name that stays."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    return any(alias.name in names and meaning(node, alias)[0] not in names for alias in node.names)


def _is_in_text(nodes: Sequence[ast.AST], name: str) -> bool:
    """Whether a text has the name as a word; one that stands for itself only where it holds examples to be run."""
    inert = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = (node for node in nodes if isinstance(node, ast.Constant) and name in _words(node.value))
    return any(id(node) not in inert or ">>>" in str(node.value) for node in texts)


def _words(value: object) -> list[str]:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return _WORD.findall(text) if isinstance(text, str) else []


def _are_called_only(nodes: Sequence[ast.AST], functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether all that is done with these functions is to call them, in a way that raises nothing which names them."""
    named = [node for node in nodes if isinstance(node, ast.Name) and node.id in functions]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    fitting = {
        id(call.func)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in functions and _fits(call, functions[call.func.id].args)
    }
    return all(id(node) in fitting for node in named)


def _fits(call: ast.Call, takes: ast.arguments) -> bool:
    keywords = [keyword.arg for keyword in call.keywords]
    if None in keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    places = [argument.arg for argument in (*takes.posonlyargs, *takes.args)]
    given, named = {*places[: len(call.args)]}, {argument.arg for argument in (*takes.args, *takes.kwonlyargs)}
    if len(call.args) > len(places) and takes.vararg is None:
        return False
    if not given.isdisjoint(keywords) or (takes.kwarg is None and not named.issuperset(filter(None, keywords))):
        return False
    needed = places[: len(places) - len(takes.defaults)]
    needed += [one.arg for one, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if default is None]
    return {*given, *(named & {*keywords})}.issuperset(needed)


def _is_plain(function: ast.FunctionDef, bound: Mapping[str, str]) -> bool:
    """Whether nothing but its result leaves a function, and that does not know where it was made."""
    inner = [node for node in parsing.walked(function) if node is not function]
    handed_on = {id(argument) for node in inner if isinstance(node, ast.Call) for argument in node.args}
    return (
        all(dotted.chain(_called(decorator), bound) in _CACHES for decorator in function.decorator_list)
        and not any(isinstance(node, _KNOWS_ITS_NAME) for node in inner)
        and all(id(node) in handed_on for node in inner if isinstance(node, ast.GeneratorExp))
    )


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator
