#!/usr/bin/python
# vim: set fileencoding=koi8-r :


def f(x):
    """Doc."""
    return "нет"
x = "да"
