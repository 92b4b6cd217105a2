class A:
    def slug(self, text: str) -> str:
        """Make a slug."""
        return text.lower()
    Y = 1
