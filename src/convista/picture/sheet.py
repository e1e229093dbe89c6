"""A matplotlib figure that a notebook shows once. Imported where one is drawn, since it loads matplotlib."""

from matplotlib import pyplot as plt
from matplotlib.figure import Figure


class Sheet(Figure):
    """A figure that is shown once, as the value of its cell or, if it isn't that, by pyplot when the cell ends."""

    def _ipython_display_(self) -> None:
        if "inline" in plt.get_backend():
            plt.close(self)  # it is being shown now
        raise NotImplementedError  # which tells IPython to show it as it does any figure
