"""Small replicas of well-known networks: every kind of block they have, few of each, of random weights."""

import torch
from torch import nn
from torch.nn import functional as F


def unit(channels, filters, kernel=3, stride=1, groups=1, act=nn.ReLU):
    """Convolution, norm, activation: what most of them are made of."""
    conv = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters), *([act()] if act else []))


class Head(nn.Module):
    def __init__(self, body, channels, classes=5):
        super().__init__()
        self.body, self.pool, self.fc = body, nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.body(x)), 1))


class Basic(nn.Module):
    """ResNet18's block: the same ReLU twice, in place, and a residual add in place."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = unit(channels, filters, 1, stride, act=None) if stride > 1 or channels != filters else None

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """ResNet50's."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.body = nn.Sequential(
            unit(channels, width, 1), unit(width, width, 3, stride), unit(width, 4 * width, 1, act=None)
        )
        self.shortcut = unit(channels, 4 * width, 1, stride, act=None)

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet18():
    stem = nn.Sequential(*unit(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
    return Head(nn.Sequential(stem, Basic(8, 8, 1), Basic(8, 16, 2)), 16)


def resnet50():
    stem = nn.Sequential(*unit(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
    return Head(nn.Sequential(stem, Bottleneck(8, 4, 1), Bottleneck(16, 8, 2)), 32)


def vgg11():
    body = [
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(True),
        nn.MaxPool2d(2),
    ]
    head = [nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(144, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, 5)]
    return nn.Sequential(*body, *head)


class Squeeze(nn.Module):
    def __init__(self, channels, gate):
        super().__init__()
        self.down, self.up, self.gate = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1), gate

    def forward(self, x):
        return x * self.gate(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))


class Inverted(nn.Module):
    """MobileNetV2's, with squeeze and excitation V3's and EfficientNet's."""

    def __init__(self, channels, act, gate=None, stride=1):
        super().__init__()
        wide = 2 * channels
        parts = [unit(channels, wide, 1, act=act), unit(wide, wide, 3, stride, wide, act)]
        parts += [Squeeze(wide, gate)] if gate else []
        self.body, self.adds = nn.Sequential(*parts, unit(wide, channels, 1, act=None)), stride == 1

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobilenet_v2():
    return Head(
        nn.Sequential(unit(3, 8, 3, 2, act=nn.ReLU6), Inverted(8, nn.ReLU6), Inverted(8, nn.ReLU6, stride=2)), 8
    )


def mobilenet_v3():
    return Head(nn.Sequential(unit(3, 8, 3, 2, act=nn.Hardswish), Inverted(8, nn.Hardswish, nn.Hardsigmoid())), 8)


def efficientnet():
    return Head(nn.Sequential(unit(3, 8, 3, 2, act=nn.SiLU), Inverted(8, nn.SiLU, nn.Sigmoid())), 8)


class Dense(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, 4, 3, padding=1))
            for c in range(channels, channels + 12, 4)
        )

    def forward(self, x):
        features = [x]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return torch.cat(features, 1)


def densenet():
    return Head(nn.Sequential(unit(3, 8, 3, 2), Dense(8), nn.Conv2d(20, 8, 1), nn.AvgPool2d(2), Dense(8)), 20)


class Inception(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                unit(channels, 4, 1),
                nn.Sequential(unit(channels, 4, 1), unit(4, 8)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), unit(channels, 4, 1)),
            ]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet():
    return Head(nn.Sequential(unit(3, 8, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), Inception(8), Inception(16)), 16)


class Shuffle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(unit(half, half, 1), unit(half, half, 3, 1, half, None), unit(half, half, 1))

    def forward(self, x):
        left, right = x.chunk(2, dim=1)
        out = torch.cat((left, self.branch(right)), dim=1)
        samples, channels, rows, cols = out.shape
        out = out.view(samples, 2, channels // 2, rows, cols)
        return torch.transpose(out, 1, 2).contiguous().view(samples, channels, rows, cols)


def shufflenet():
    body = nn.Sequential(unit(3, 8, 3, 2), Shuffle(8), Shuffle(8))

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.fc = body, nn.Linear(8, 5)

        def forward(self, x):
            return self.fc(self.body(x).mean([2, 3]))

    return Mean()


class Next(nn.Module):
    """ConvNeXt's block: layer norm over channels, GELU, a learned scale."""

    def __init__(self, channels):
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(channels, channels, 7, padding=3, groups=channels), nn.LayerNorm(channels)
        self.up, self.down = nn.Linear(channels, 2 * channels), nn.Linear(2 * channels, channels)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + self.scale * self.down(F.gelu(self.up(y))).permute(0, 3, 1, 2)


def convnext():
    return Head(nn.Sequential(nn.Conv2d(3, 8, 4, 4), Next(8), Next(8)), 8)


class UNet(nn.Module):
    """Skips, once up by a transposed convolution, once by resizing."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = unit(3, 4), unit(4, 8), unit(8, 8)
        self.up, self.d, self.e = nn.ConvTranspose2d(8, 8, 2, 2), unit(16, 4), unit(8, 4)
        self.answer = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        c = self.c(F.max_pool2d(b, 2))
        d = self.d(torch.cat([self.up(c), b], 1))
        d = F.interpolate(d, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(self.answer(self.e(torch.cat([d, a], 1))))


class Attention(nn.Module):
    """Written out: products of matrices and a softmax."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        samples, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(samples, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(samples, tokens, width))


class ViT(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.patches, self.attention = nn.Conv2d(3, 8, 8, 8), attention
        self.token, self.places = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 17, 8))
        self.norm1, self.norm2, self.fc = nn.LayerNorm(8), nn.LayerNorm(8), nn.Linear(8, 5)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 8))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.places
        inner = self.norm1(x)
        x = x + (
            self.attention(inner, inner, inner)[0]
            if isinstance(self.attention, nn.MultiheadAttention)
            else self.attention(inner)
        )
        x = x + self.mlp(self.norm2(x))
        return self.fc(x[:, 0])


def vit():
    return ViT(Attention(8, 2))


def opaque_vit():
    return ViT(nn.MultiheadAttention(8, 2, batch_first=True))


def dcgan():
    parts = [
        nn.ConvTranspose2d(6, 8, 4, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False),
    ]
    return nn.Sequential(
        *parts, nn.BatchNorm2d(4), nn.LeakyReLU(0.2, True), nn.ConvTranspose2d(4, 3, 3, 2, 1, 1), nn.Tanh()
    )


IMAGE = (2, 3, 32, 32)
NETS = {
    "resnet18": (resnet18, IMAGE), "resnet50": (resnet50, IMAGE), "vgg11": (vgg11, IMAGE), "mobilenet_v2": (mobilenet_v2, IMAGE),
    "mobilenet_v3": (mobilenet_v3, IMAGE), "efficientnet": (efficientnet, IMAGE), "densenet": (densenet, IMAGE),
    "googlenet": (googlenet, (2, 3, 33, 31)), "shufflenet": (shufflenet, IMAGE), "convnext": (convnext, IMAGE),
    "unet": (UNet, (2, 3, 16, 16)), "vit": (vit, IMAGE), "dcgan": (dcgan, (2, 6, 1, 1)),
}  # fmt: skip
