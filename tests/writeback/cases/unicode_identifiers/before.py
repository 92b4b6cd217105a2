import os

from pytest_supercharger import supercharge


class Äpfel:
    @supercharge
    def größe(self, π, 𝓍=1):  # éé
        """Größe 😀."""; ...  # →
