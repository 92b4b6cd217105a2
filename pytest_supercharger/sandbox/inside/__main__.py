"""The start of PID 1: makes the flat folder it lies in a package and hands over to the zygote."""

from __future__ import annotations

import sys
import types
from importlib import import_module

PACKAGE = "_supercharger"
HERE = __file__.rpartition("/")[0]
LIBRARY = f"{HERE.rpartition('/')[0]}/lib"
PACKAGES = f"{HERE.rpartition('/')[0]}/packages"
SNAPSHOT = "/snapshot"


def main() -> None:
    """Serve the host until it hangs up."""
    # Two levels over one folder, so that "from ..frames" means the same here and in the plugin's own package.
    for name in (PACKAGE, f"{PACKAGE}.inside"):
        package = types.ModuleType(name)
        package.__path__ = [HERE]
        sys.modules[name] = package
    # Last: what the project's environment has, the plugin and packages alike, is what tests see.
    sys.path += [LIBRARY, PACKAGES]
    import_module(f"{PACKAGE}.inside.borrowed").lend(SNAPSHOT)
    import_module(f"{PACKAGE}.inside.zygote").main()


if __name__ == "__main__":
    main()
