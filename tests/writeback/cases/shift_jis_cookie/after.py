# -*- coding: shift_jis -*-


def f(x):
    """Doc."""
    return "表"
# 表示
