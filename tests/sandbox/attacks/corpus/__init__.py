"""The attacks as data, for the tests beside this folder and for `benchmarks/attacks` and `benchmarks/soak`."""
