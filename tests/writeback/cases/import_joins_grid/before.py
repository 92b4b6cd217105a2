from collections import (ChainMap, Counter,
                         OrderedDict)

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
