"""How a project orders its imports: which section a module belongs to, and what comes before what."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["SECTIONS", "Import", "ImportStyle"]

Import = ast.Import | ast.ImportFrom
Key = tuple[int, int, str, int, str]

SECTIONS = ("FUTURE", "STDLIB", "THIRDPARTY", "FIRSTPARTY", "LOCALFOLDER")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStyle:
    """The settings of isort, or of ruff's rules of that name; the defaults are theirs."""

    line_length: int = 79
    single_line: bool | None = None  # one name a statement; None: as the file does it
    mixed: bool = False  # plain imports and those with `from` in one order
    combine_as: bool = False  # names with `as` share a statement with others
    by_type: bool = True  # CONSTANTS before Classes before functions
    sections: tuple[str, ...] = SECTIONS
    known: tuple[tuple[str, str], ...] = ()  # pattern of a module -> its section
    own: frozenset[str] = frozenset()  # top-level modules of the project itself

    def section(self, node: Import) -> int:
        """Return the place of the section that an import belongs to."""
        name = self._section(node)
        return self.sections.index(name) if name in self.sections else len(self.sections)

    def key(self, node: Import) -> Key:
        """Return what imports of one section are sorted by."""
        if isinstance(node, ast.ImportFrom):
            relative, module, name = int(bool(node.level)), node.module or "", self.name_key(node.names[0].name)
        else:
            relative, module, name = 0, node.names[0].name, (0, "")
        return relative, int(isinstance(node, ast.ImportFrom) and not self.mixed), module.lower(), *name

    def name_key(self, name: str) -> tuple[int, str]:
        """Return what the names of one statement are sorted by."""
        if not self.by_type:
            return 0, name.lower()
        return 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name.lower()

    def _section(self, node: Import) -> str:
        if isinstance(node, ast.ImportFrom) and node.level:
            return "LOCALFOLDER"
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        parts = module.split(".")
        for end in range(len(parts), 0, -1):
            prefix = ".".join(parts[:end])
            if found := next((section for pattern, section in self.known if fnmatchcase(prefix, pattern)), None):
                return found
        if parts[0] == "__future__":
            return "FUTURE"
        if parts[0] in sys.stdlib_module_names:
            return "STDLIB"
        return "FIRSTPARTY" if parts[0] in self.own else "THIRDPARTY"
