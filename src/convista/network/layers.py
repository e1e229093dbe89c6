"""Descriptions to torch layers, named as they read: ``layers.0.conv``, ``layers.0.norm``, ..., ``layers.linear``."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from convista.network.description import Convolution, Residual, describe


def build(text: str, channels: int, classes: int) -> nn.Sequential:
    """Build the layers of a network from its name or its line of text.

    Each convolution is followed by batch normalisation and ReLU, except one whose filters are the classes: its
    numbers are the answer. A line that begins with "no norm" has no batch normalisation, and biases in its place.

    Parameters
    ----------
    text
        ``"chapter"``, ``"simple"``, ``"small"``, ``"medium"``, ``"resnet"``, or a line such as
        ``"5x5/2 16, 3x3 32, mean"``: items from the image to the answer. ``3x3/2 16`` is a convolution of 3x3 pixels,
        stride 2, 16 filters, padded by half its kernel; ``res 3x3`` two of them, of stride 1, whose result is added to
        what came in; ``mean`` is each channel's mean, followed by a linear layer.
    channels
        Of the image: 1 grey, 3 colour.
    classes
        How many numbers the answer has.

    Returns
    -------
    nn.Sequential
        From (images, channels, rows, cols) to (images, classes).

    Raises
    ------
    ValueError
        When an item is faulty; the text quotes it and says the grammar.

    Examples
    --------
    >>> net = build("3x3/2 8, 3x3 classes, mean", channels=1, classes=10)
    >>> [name for name, _ in net.named_children()]
    ['0', '1', 'mean', 'flatten']
    >>> [name for name, _ in net[0].named_children()], net[0].conv.stride
    (['conv', 'norm', 'relu'], (2, 2))
    """
    for name, value in (("channels", channels), ("classes", classes)):
        if value < 1:
            raise ValueError(f"{name} (={value}) must be 1 or more")
    description, layers = describe(text), OrderedDict[str, nn.Module]()
    for number, item in enumerate(description.items):
        if isinstance(item, Residual):
            layers[str(number)] = ResidualBlock(item, channels, description.norm)
        else:
            layers[str(number)] = _block(item, channels, classes, description.norm)
            channels = item.filters or classes
    answers = isinstance(item, Convolution) and item.filters is None
    layers.update(_head(channels, classes, description.mean, linear=not answers))
    return nn.Sequential(layers)


class ResidualBlock(nn.Module):
    """Two convolutions, each with its norm (if any), whose result is added to what came in; then ReLU.

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", arXiv:1512.03385.
    """

    def __init__(self, item: Residual, channels: int, norm: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, item.kernel, padding=item.padding, bias=not norm)
        self.norm1, self.relu1 = nn.BatchNorm2d(channels) if norm else nn.Identity(), nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, item.kernel, padding=item.padding, bias=not norm)
        self.norm2, self.relu2 = nn.BatchNorm2d(channels) if norm else nn.Identity(), nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:
        """Return as many channels of the same size."""
        inner = self.relu1(self.norm1(self.conv1(images)))
        result: Tensor = self.relu2(images + self.norm2(self.conv2(inner)))
        return result


def _block(convolution: Convolution, channels: int, classes: int, norm: bool) -> nn.Sequential:
    last, filters = convolution.filters is None, convolution.filters or classes
    # A bias before batch normalisation would be subtracted again with the mean.
    conv = nn.Conv2d(
        channels, filters, convolution.kernel, convolution.stride, convolution.padding, bias=last or not norm
    )
    block = OrderedDict[str, nn.Module](conv=conv)
    if not last:
        block.update({"norm": nn.BatchNorm2d(filters)} if norm else {}, relu=nn.ReLU())
    return nn.Sequential(block)


def _head(channels: int, classes: int, mean: bool, linear: bool) -> OrderedDict[str, nn.Module]:
    head = OrderedDict[str, nn.Module]()
    if mean:
        head["mean"] = nn.AdaptiveAvgPool2d(1)
    head["flatten"] = nn.Flatten()
    if linear:
        head["linear"] = nn.Linear(channels, classes)
    return head
