import sys,os
import   json # unused
from pytest_supercharger import supercharge


x = {  "a":1 }
def  old( a,b ):
  return a+b   
@supercharge
def f(x):
    """Doc."""
    # hint: keep
    raise NotImplementedError
class  B : pass
