from pytest_supercharger import supercharge


class Money:
    @supercharge
    def __init__(self, amount): "Keep the amount."

    @supercharge
    def __eq__(self, other: object) -> bool:
        """Compare."""
        raise NotImplementedError

    @supercharge
    def __class_getitem__(cls, item):
        """Return the class."""
