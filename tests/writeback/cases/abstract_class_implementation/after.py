import abc


class Base(abc.ABC):
    @classmethod
    @abc.abstractmethod
    def make(cls):
        """Make one."""
        return cls()

    @abc.abstractmethod
    def other(self): ...


class Real(Base):
    def other(self):
        """Say so."""
        return "other"
