from pytest_supercharger import supercharge

__all__ = ["supercharge"]
