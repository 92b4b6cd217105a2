"""What the compiler says of code that parses; nothing is run."""

from __future__ import annotations

import threading
import warnings

__all__ = ["compile_error"]

_compiler = threading.Lock()  # `catch_warnings` swaps process-wide state


def compile_error(source: str) -> SyntaxError | None:
    """Return why the compiler refuses `source`, None when it does not; nothing else is raised."""
    try:
        with _compiler, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<answer>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or type(error).__name__, ("<answer>", 1, 1, ""))
    return None
