"""Ways to decode the same work on this machine, and the work."""
