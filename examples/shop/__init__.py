"""The corner shop: texts, prices and orders."""
