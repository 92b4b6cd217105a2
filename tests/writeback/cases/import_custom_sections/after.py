import os

import django
import django.http
from django_x import y

import attr
import numpy


def f(x):
    """Doc."""
    return x + 1
