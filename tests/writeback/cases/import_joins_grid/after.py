from collections import (ChainMap, Counter,
                         OrderedDict, UserDict, UserList, UserString,
                         defaultdict, namedtuple)


def f(x):
    """Doc."""
    return x + 1
