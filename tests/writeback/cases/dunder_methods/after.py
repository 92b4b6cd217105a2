class Money:
    def __init__(self, amount):
        "Keep the amount."
        self.amount = amount

    def __eq__(self, other: object) -> bool:
        """Compare."""
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount == other.amount

    def __class_getitem__(cls, item):
        """Return the class."""
        return cls
