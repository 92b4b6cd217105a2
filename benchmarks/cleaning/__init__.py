"""What `benchmarks/clean` is made of."""
