"""Places in a notebook that is not there: they note what they are told."""


class NotedPlace:
    """What a cell's output would hold."""

    def __init__(self, cell=""):
        self.cell = cell
        self.texts = []
        self.pictures = []

    def text(self, text):
        self.texts.append(text)

    def picture(self, png, caption):
        assert png.startswith(b"\x89PNG")
        self.pictures.append(caption)


class Places:
    """Makes places, and keeps them."""

    def __init__(self):
        self.made = []

    def __call__(self):
        self.made.append(NotedPlace())
        return self.made[-1]
