from string import ascii_letters, Template
from socket import AF_INET, socket, timeout

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
