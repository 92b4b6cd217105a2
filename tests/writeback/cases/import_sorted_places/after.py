from __future__ import annotations

import abc
import os
import re
import sys
import zlib
from collections import deque
from itertools import chain
from typing import Any

import attr
import numpy
from pandas import x

from .a import b
from .c import d


def f(x):
    """Doc."""
    return x + 1
