import os; import sys
import re


def f(x):
    """Doc."""
    return x + 1
