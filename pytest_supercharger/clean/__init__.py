"""From raw model text to a clean candidate."""
