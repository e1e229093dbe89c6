"""Networks as a user writes them, and some that are none."""

from torch import nn
from torch.nn import functional

MADE = nn.Flatten()


def plain(channels, classes):
    """The textbook's simple CNN, without batch normalisation."""
    layers, seen = [], channels
    for filters in (8, 16, 32, 64):
        layers += [nn.Conv2d(seen, filters, 3, 2, 1), nn.ReLU()]
        seen = filters
    return nn.Sequential(*layers, nn.Conv2d(seen, classes, 3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def fixed():
    """For two classes of grey images of 16x16 pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(256, 16), nn.Tanh(), nn.Linear(16, 2))


def lazy(classes):
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.LazyLinear(classes))


class Shared(nn.Module):
    """One activation called twice, dropout, weights shared by two layers, and nothing but tensors inside."""

    def __init__(self, channels, classes):
        super().__init__()
        self.first = nn.Conv2d(channels, 8, 3, 2, 1)
        self.second = nn.Conv2d(8, 8, 3, 1, 1)
        self.third = nn.Conv2d(8, 8, 3, 1, 1)
        self.third.weight = self.second.weight
        self.relu, self.drop, self.answer = nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(8, classes)

    def forward(self, images):
        inner = self.relu(self.first(images))
        inner = self.relu(self.second(inner)) + functional.relu(self.third(inner))
        return self.answer(self.drop(inner.mean((2, 3))))


class Bare(nn.Module):
    """Activations that are no modules."""

    def __init__(self, channels, classes):
        super().__init__()
        self.conv, self.answer = nn.Conv2d(channels, 4, 3, 2, 1), nn.Linear(4, classes)

    def forward(self, images):
        return self.answer(functional.relu(self.conv(images)).mean((2, 3)))


def wants(channels, classes, depth):
    return plain(channels, classes)


def a_list(channels, classes):
    return [plain(channels, classes)]


def ten_numbers(channels):
    return plain(channels, 10)


def wrong_size(channels, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * 9, classes))


def positional(colours, kinds):
    assert isinstance(colours, int)
    return plain(colours, kinds)
