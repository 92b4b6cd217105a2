#!/usr/bin/env python
import re

import numpy


def f(x):
    """Doc."""
    return x + 1
