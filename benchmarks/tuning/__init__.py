"""What `benchmarks/tune` is made of."""
