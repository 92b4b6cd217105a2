# -*- coding: shift_jis -*-
from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
# 表示
