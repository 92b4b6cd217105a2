"""What benchmarks/ray does with a real Ray cluster, and the test of it with them."""
