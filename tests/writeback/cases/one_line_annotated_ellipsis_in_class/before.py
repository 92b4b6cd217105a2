from pytest_supercharger import supercharge


class A:
    @supercharge
    def slug(self, text: str) -> str: """Make a slug."""; ...
    Y = 1
