#!/usr/bin/env python
# vim: set fileencoding=cp1252 :
PRICE = "€"


LIMIT = 3


def f(x):
    """Doc."""
    return "€"
