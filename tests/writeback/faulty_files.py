"""Real files of which one operation fails."""

from __future__ import annotations

from pytest_supercharger.writeback.files import RealFiles

OPERATIONS = [name for name in vars(RealFiles) if not name.startswith("_")]


class Dead(BaseException):
    """The process is gone: nothing it would do from here on happens."""


class Faulty(RealFiles):
    """Real files whose operation number `at` raises; with `dead`, every later one too."""

    def __init__(self, at: int, error: BaseException, *, dead: bool) -> None:
        self.at, self.error, self.dead, self.count = at, error, dead, 0

    def tick(self) -> None:
        self.count += 1
        if self.count == self.at or (self.dead and self.count > self.at):
            raise self.error


def _counted(name):
    real = getattr(RealFiles, name)

    def operation(self, *args):
        if name != "close" or self.dead:
            self.tick()
        return real(self, *args)

    return operation


for _name in OPERATIONS:
    setattr(Faulty, _name, _counted(_name))
