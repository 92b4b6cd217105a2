import abc

from pytest_supercharger import supercharge


class Base(abc.ABC):
    @classmethod
    @abc.abstractmethod
    @supercharge(samples=3)
    def make(cls):
        """Make one."""
        raise NotImplementedError

    @abc.abstractmethod
    def other(self): ...


class Real(Base):
    @supercharge
    def other(self): """Say so."""
