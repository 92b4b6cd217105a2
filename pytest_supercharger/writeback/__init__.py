"""From an accepted candidate to changed files."""
