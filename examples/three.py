"""The README's picture: one window on a handwritten three, its sum, and the picture of all sums.

python examples/three.py docs/three.png
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import convista as cx
from convista.picture.colours import is_dark, paint

ROW, COL = 5, 7
INK = "#0072b2"


def draw(path: str) -> None:
    """Draw the three panels and save them."""
    three = cx.read_image(cx.untar_data("mnist_sample") / "train/3/12.png")
    stop = cx.apply_kernel(three, ROW, COL, cx.kernels.top_edge)
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), width_ratios=(1, 1.25, 1.18), layout="constrained")
    cx.show_image(three, ax=axes[0], title=f"a window centred on ({ROW}, {COL})")
    axes[0].add_patch(Rectangle((COL - 1.5, ROW - 1.5), 3, 3, fill=False, edgecolor=INK, linewidth=2.5))
    write_out(axes[1], stop)
    edges = cx.conv2d(three, cx.kernels.top_edge)
    drawn = cx.show_image(edges, ax=axes[2], cmap="RdBu_r", limits=(-762, 762), title="the same sum at every place")
    axes[2].add_patch(Rectangle((COL - 1.5, ROW - 1.5), 1, 1, fill=False, edgecolor="black", linewidth=2))
    bar = figure.colorbar(drawn.images[0], ax=axes[2], shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)
    figure.savefig(path, dpi=110, facecolor="white")
    plt.close(figure)


def write_out(ax: plt.Axes, stop: cx.Stop) -> None:
    """Write pixels x weights, cell by cell, and the sum below."""
    ax.set(xlim=(0, 7.4), ylim=(5.1, -0.9), aspect="equal")
    ax.set_axis_off()
    ax.set_title("pixels times weights, added up")
    colours = paint(np.asarray(stop.pixels, float), limits=(0, 255))
    for i, j in np.ndindex(stop.pixels.shape):
        text = "white" if is_dark(colours[i, j]) else "black"
        cell(ax, (j, i), str(stop.pixels[i, j]), colours[i, j] / 255, text)
        cell(ax, (j + 4.2, i), f"{stop.weights[i, j]:+d}".replace("+0", "0").replace("-", "−"), (1, 1, 1), "black")
    ax.text(3.6, 1.5, "×", ha="center", va="center", fontsize=20)
    rows = [" + ".join(map(str, row)).replace("-", "−") for row in stop.products.tolist()]
    ax.text(0, 3.75, " + ".join(rows[:2]), fontsize=12, va="center")
    ax.text(0, 4.4, f"+ {rows[2]}", fontsize=12, va="center")
    ax.text(7.2, 4.4, f"= {stop.total}", fontsize=17, va="center", ha="right", color=INK, weight="bold")


def cell(ax: plt.Axes, place: tuple[float, float], text: str, face: object, ink: str) -> None:
    """Draw one number on its colour."""
    ax.add_patch(Rectangle(place, 1, 1, facecolor=face, edgecolor="#888888"))
    ax.text(place[0] + 0.5, place[1] + 0.5, text, ha="center", va="center", fontsize=13, color=ink)


if __name__ == "__main__":
    draw(sys.argv[1])
