import os


def f(x):
    r'''Doc \d
	Tab.   
  '''

    return x + 1
