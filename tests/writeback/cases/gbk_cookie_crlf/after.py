# coding=gbk


def f(x):
    """Doc."""
    return x + 1
# 中文
