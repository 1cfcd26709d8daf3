"""The one error of the settings."""


class SettingsError(Exception):
    """A setting is unknown or has a bad value, or what a setting points at cannot be used.

    Attributes:
        problems: One sentence for each, with the setting's name and the cure. `str()` gives one a line.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))
