"""What benchmarks/pool and benchmarks/chaos share, and the tests of the pool with them."""
