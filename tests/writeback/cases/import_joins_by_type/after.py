from string import ascii_letters, Template
from socket import AF_INET, SOCK_STREAM, gaierror, socket, timeout


def f(x):
    """Doc."""
    return x + 1
