import os
import re


def h():
    return 2


def f(x):
    """Doc."""
    return """a
b"""


Y = """a
b"""
