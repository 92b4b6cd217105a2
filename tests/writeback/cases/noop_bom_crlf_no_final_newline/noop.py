# supercharge of pytest_supercharger
x = 1
y = 2