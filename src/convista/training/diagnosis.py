"""What went wrong in training, in sentences with the evidence: rules as data, each with threshold and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convista.training import signs
from convista.training.facts import Finding
from convista.training.signs import Evidence, Values


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is wrong, and what is then said."""

    name: str
    threshold: float
    source: str
    find: Callable[[Evidence, float], Values | None]
    """The values for the words if it is so."""
    words: tuple[str, str]
    """English and Chinese; ``{name}`` is a place for a value."""
    severe: bool = False
    unless: tuple[str, ...] = ()
    """Rules that say the same better, when they are true."""


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what is wrong, the severe first as the rules are ordered; nothing for a run in good order."""
    found = dict[str, Finding]()
    for rule in RULES:
        if not found.keys() & set(rule.unless) and (values := rule.find(evidence, rule.threshold)) is not None:
            english, chinese = (words.format_map(values) for words in rule.words)
            found[rule.name] = Finding(rule.name, rule.severe, english, chinese)
    return tuple(found.values())


RULES = (
    Rule(
        "silent",
        0.9,
        'L. Lu and others, "Dying ReLU and initialization", arXiv:1903.06733; fastbook, chapter 13',
        signs.silent,
        (
            "Since step {step}, {share} of what leaves activation {number} of {count} ({layer}) is nearly zero "
            "(below {near}), and the loss stopped moving: {loss} on average, where guessing gives {guess}. The "
            "learning rate was {rate}: try {lower}{cycle}, or batch normalisation.",
            "自第 {step} 步起，第 {number} 个激活层（共 {count} 个，{layer}）的输出有 {share} 接近零（小于 {near}）"
            "，损失不再变化：平均 {loss}，而随机猜测为 {guess}。当时学习率为 {rate}：请试 {lower}{zh_cycle}，或批归"
            "一化。",
        ),
        severe=True,
    ),
    Rule(
        "stuck",
        signs.STUCK,
        "the cross-entropy of equal probabilities is the logarithm of the number of classes",
        signs.stuck,
        (
            "In the last {count} steps the loss was {loss} on average, where guessing gives {guess}: nothing was "
            "learned. The learning rate was at most {rate}: try another (convista rate), and look at the labels.",
            "最近 {count} 步的平均损失为 {loss}，而随机猜测为 {guess}：网络什么也没学到。学习率最高为 {rate}：请换"
            "一个（convista rate），并检查标签。",
        ),
        severe=True,
        unless=("silent",),
    ),
    Rule(
        "lost",
        1.0,
        "a loss that is no number has no gradient",
        signs.lost,
        (
            "With a learning rate of up to {highest} the loss was no number once; the run went back to the begin "
            "of the epoch and on with at most {rate}: begin with {rate}.",
            "学习率最高为 {highest} 时，损失一度不是数；训练退回到该轮开头，并以不超过 {rate} 的学习率继续：请一开"
            "始就用 {rate}。",
        ),
    ),
    Rule(
        "collapse",
        0.1,
        "S. Giomo's colourful dimension; fastbook, chapter 13: activations that rise and crash",
        signs.collapse,
        (
            "The spread of what leaves activation {number} of {count} ({layer}) rose to {high} at step {top} and "
            "fell to {low} by step {step}. The learning rate was {rate}: try {lower}{cycle}.",
            "第 {number} 个激活层（共 {count} 个，{layer}）输出的标准差在第 {top} 步升至 {high}，到第 {step} 步跌至"
            " {low}。当时学习率为 {rate}：请试 {lower}{zh_cycle}。",
        ),
    ),
    Rule(
        "leap",
        0.3,
        "A. Karpathy, cs231n: the ratio of update to weights should be near 0.001; a third is no step",
        signs.leap,
        (
            "At step {step} the weights {weights} moved by {share} of their own length. The learning rate was "
            "{rate}: try {lower}{cycle}.",
            "第 {step} 步时，权重 {weights} 移动了自身长度的 {share}。当时学习率为 {rate}：请试 {lower}{zh_cycle}。",
        ),
    ),
    Rule(
        "faint",
        1e-3,
        'X. Glorot, Y. Bengio, "Understanding the difficulty of training deep networks", 2010',
        signs.faint,
        (
            "The gradient of the first weights ({first}) has a length of {low}, that of {other} {high}: the first "
            "layers hardly learn. Try batch normalisation, residual blocks (res 3x3), or fewer layers.",
            "第一组权重（{first}）的梯度长度为 {low}，而 {other} 为 {high}：前面的层几乎学不到东西。请试批归一化、"
            "残差块（res 3x3）或更少的层。",
        ),
        unless=("silent",),
    ),
    Rule(
        "slow",
        0.7,
        "the loss of a network that learns falls within a few steps; fastbook, chapter 13",
        signs.slow,
        (
            "For the first {start} of {total} steps the loss was that of guessing ({guess}), while up to {share} "
            "of what leaves activation {number} of {count} ({layer}) was nearly zero (below {near}). Batch "
            "normalisation or larger first weights shorten that.",
            "在前 {start} 步（共 {total} 步）中，损失等于随机猜测（{guess}），同时第 {number} 个激活层（共 {count} "
            "个，{layer}）的输出有多达 {share} 接近零（小于 {near}）。批归一化或更大的初始权重可缩短这一阶段。",
        ),
        unless=("silent", "stuck"),
    ),
    Rule(
        "overfitted",
        1.15,
        'L. Prechelt, "Early stopping - but when?", 1998: generalisation loss',
        signs.overfitted,
        (
            "The validation loss was lowest after epoch {best} ({low}) and is {high} after epoch {last}, while the "
            "training loss fell to {train}: the network learns its images by heart. Try more augmentation (mixup, "
            "erase, shift), fewer epochs, or --patience.",
            "验证损失在第 {best} 轮后最低（{low}），第 {last} 轮后为 {high}，而训练损失降到 {train}：网络在死记训练"
            "图像。请试更多的数据增强（mixup、erase、shift）、更少的轮数，或 --patience。",
        ),
    ),
)
"""All rules, in the order in which they are told."""
