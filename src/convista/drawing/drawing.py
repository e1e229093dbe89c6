"""One verb for all pictures: what the thing is says what is drawn."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convista.errors import one_of
from convista.grid import Stop, conv2d
from convista.image import as_array
from convista.kernel import Kernel, as_kernel
from convista.picture.diagram.arithmetic import picture_of
from convista.picture.diagram.cone import Layer, cone_scene
from convista.picture.diagram.landing import Convolution
from convista.picture.diagram.picture import Picture
from convista.picture.diagram.reading import convolution
from convista.picture.diagram.sum import sum_scene
from convista.picture.layout import plane

LAYER_FACTS = ("kernel", "stride", "padding", "dilation")
NETWORK_VIEWS = ("strip", "maps", "cone")


def draw(
    thing: Any,
    image: Any = None,
    *,
    input_size: int | Sequence[int] | None = None,
    view: str | None = None,
    at: Sequence[int] | None = None,
    channel: int = 0,
    stride: int | Sequence[int] = 1,
    padding: Any = 0,
    dilation: int | Sequence[int] = 1,
    language: str = "en",
    animated: bool = False,
) -> Picture:
    """Draw a sum, a kernel's stops, a layer, a receptive field or a network.

    Parameters
    ----------
    thing
        ===========================================  =============================================================
        a sum of `apply_kernel`                      the window, times the weights, written out
        a kernel: its name, a `Kernel`, an array     its stops over `image`, with all numbers
        a torch convolution or pooling layer         its stops over `input_size`, or over `image` with its numbers
        any other torch module                       a strip of its layers; with `image` its feature maps
        a `Trace`                                    its feature maps
        a list of layers                             the cone of a receptive field; each layer is (kernel, stride,
                                                     padding, dilation), the tail may be left out
        ===========================================  =============================================================
    image
        What the kernel, the layer or the network reads; for a sum, what its window lies on.
    input_size
        (cols,), (rows, cols) or (depth, rows, cols), channels in front where there are any, as for `layer_table`; for
        a list of layers one number. Not needed with an image.
    view
        Of a layer or kernel ``"stops"``, ``"matrix"`` or ``"channels"``; of a network ``"strip"``, ``"maps"`` or
        ``"cone"``. None: the first that there is enough for.
    at
        One number of a layer's output, (channel, row, col): its sum with all channels; of a list of layers the number
        of the output whose cone it is.
    channel
        Which channel of a layer's output is drawn over an image.
    stride, padding, dilation
        Of a kernel; a layer has its own.
    language
        ``"en"`` or ``"zh-Hans"``.
    animated
        Whether the picture moves in a notebook and as SVG.

    Returns
    -------
    Picture
        It shows itself in a notebook; ``.save("figure.svg")``, also ``.png``, ``.gif`` and ``.html``.

    Examples
    --------
    >>> draw("top_edge", [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 9, 9]])
    <Picture: 4 × 4 to 2 × 2, kernel 3 × 3; 4 moments>
    >>> draw([(3, 2, 1), (3, 2, 1)])
    <Picture: Receptive field 7, jump 4, start -3>
    """
    looks: dict[str, Any] = {"language": language, "animated": animated}
    if isinstance(thing, Stop):
        under = None if image is None else as_array(image)
        return Picture(sum_scene(thing, under, language=language), animated)
    if isinstance(thing, Convolution):
        return picture_of(thing, view=view or "stops", **looks)
    if _is_module(thing):
        return _module(thing, image, input_size, view, at, channel, looks)
    if _is_trace(thing):
        return _network(thing, None, None, view or "maps", looks)
    if _are_layers(thing):
        return _cone(thing, input_size, at, looks)
    return _kernel(thing, image, {"stride": stride, "padding": padding, "dilation": dilation}, view, looks)


def _kernel(thing: Any, image: Any, steps: dict[str, Any], view: str | None, looks: dict[str, Any]) -> Picture:
    weights = as_kernel(thing).weights if isinstance(thing, (str, Kernel)) else as_array(thing, "kernel")
    if weights.ndim != 2:
        raise ValueError(
            f"kernel (shape {weights.shape}) must be (rows, cols) to be drawn; take one channel: kernel[0]"
        )
    if image is None:
        raise ValueError("image (=None) must be given for a kernel: its stops are drawn on one, such as 5 x 5 pixels")
    pixels = plane(image)
    plan = convolution(pixels.shape, weights.shape, **steps)
    edges = tuple((axis.before, axis.after) for axis in plan.axes)
    output = conv2d(pixels, weights, stride=steps["stride"], padding=edges, dilation=steps["dilation"])
    return picture_of(plan, (pixels, weights, np.asarray(output)), view=view or "stops", **looks)


def _module(
    module: Any, image: Any, input_size: int | Sequence[int] | None, view: str | None, at: Sequence[int] | None,
    channel: int, looks: dict[str, Any],
) -> Picture:  # fmt: skip
    from convista.drawing import layer

    if not layer.has_window(module):
        return _network(module, image, input_size, view, looks)
    if at is not None:
        return layer.draw_sum(module, image, tuple(at), **looks)
    return layer.draw_layer(module, image, input_size, view=view, channel=channel, **looks)


def _network(
    thing: Any, image: Any, input_size: int | Sequence[int] | None, view: str | None, looks: dict[str, Any]
) -> Picture:
    from convista.drawing import network

    if view is not None:
        one_of("view", view, NETWORK_VIEWS)
    if _is_module(thing):
        thing = network.traced(thing, image, input_size)
        view = view or ("strip" if image is None else "maps")
    return network.draw_trace(thing, view or "maps", **looks)


def _cone(thing: Any, input_size: Any, at: Sequence[int] | None, looks: dict[str, Any]) -> Picture:
    layers = [_layer(layer) for layer in thing]
    size = input_size[-1] if isinstance(input_size, Sequence) else input_size
    index = at[-1] if at is not None else None
    return Picture(cone_scene(layers, size=size, index=index, language=looks["language"]), looks["animated"])


def _layer(layer: Mapping[str, int] | tuple[int, ...]) -> Layer:
    if isinstance(layer, Mapping):
        for name in layer:
            one_of("layer", name, LAYER_FACTS)
        return Layer(**layer)
    if not 1 <= len(layer) <= len(LAYER_FACTS):
        raise ValueError(f"layer (={layer}) must be (kernel, stride, padding, dilation); the tail may be left out")
    return Layer(*layer)


def _are_layers(thing: Any) -> bool:
    """Return whether it is a list of layers rather than a kernel's rows: tuples or mappings."""
    return isinstance(thing, list) and bool(thing) and all(isinstance(layer, (tuple, Mapping)) for layer in thing)


def _is_trace(thing: Any) -> bool:
    """Return whether it is a recorded pass, without loading torch to know its class."""
    return type(thing).__name__ == "Trace" and type(thing).__module__.startswith("convista.explanation.")


def _is_module(thing: Any) -> bool:
    torch = sys.modules.get("torch")  # whoever holds a module has loaded it
    return torch is not None and isinstance(thing, torch.nn.Module)
