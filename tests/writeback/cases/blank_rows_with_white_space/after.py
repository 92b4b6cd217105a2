def f(x):
    """Doc."""
    
	
    return x + 1
  
 
x = 1 
