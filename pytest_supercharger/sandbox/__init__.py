"""Where hostile code runs."""
