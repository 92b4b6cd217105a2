"""What runs inside the container: PID 1 and the children it forks; standard library and pytest only.

Copied to one flat folder of the image, next to `frames.py`, and imported there as the package `_supercharger.inside`,
so that none of these names can be taken for a module of the user's project.
"""
