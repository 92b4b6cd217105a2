#!/usr/bin/env python
# -*- coding: utf-8 -*-
import re


def f(x):
    """Doc."""
    return x + 1
