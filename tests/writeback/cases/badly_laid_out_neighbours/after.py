import sys,os
import   json # unused


x = {  "a":1 }
def  old( a,b ):
  return a+b   
def f(x):
    """Doc."""
    # hint: keep
    return x + 1
class  B : pass
