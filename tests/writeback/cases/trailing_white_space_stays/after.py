import os   


def f(x):
    """Doc."""  
    return x + 1
	 
X = 1
