import os
import re

if os.name == "nt":
    import re


def f(x):
    """Doc."""
    return re
