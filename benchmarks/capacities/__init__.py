"""What a fleet of nodes can carry, on paper."""
