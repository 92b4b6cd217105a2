import os
import re

from pytest_supercharger import supercharge


A = 1


def f(x):
    """Doc."""
    return A


@supercharge
def g(x):
    """Doc g."""
    ...


def h(x):
    "Doc h."
    return A
