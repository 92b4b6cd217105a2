import os


class Äpfel:
    def größe(self, π, 𝓍=1):  # éé
        """Größe 😀."""  # →
        return π
