"""What the page of a study says, in English and in Simplified Chinese."""

from __future__ import annotations

from convista.studio.markup import text
from convista.studio.words import both

WORDS: dict[str, tuple[str, str]] = {
    "study": ("Stability study", "稳定性研究"),
    "study_title": ("{rungs} techniques on {data}", "{data} 上的 {rungs} 种技术"),
    "study_read": (
        "Each technique stands on all those above it. {seeds} runs of {epochs} epochs each, with the seeds 0, 1, ...; "
        "the same images for all. The accuracy is that of the last weights on {images} validation images: nothing was "
        "chosen by them. The spread is the standard deviation between seeds.",
        "每种技术都建立在上面所有技术之上。每种各运行 {seeds} 次，每次 {epochs} 轮，随机种子为 0、1……；图像完全相同。"
        "准确率是最后权重在 {images} 张验证图像上的结果：没有用它们作任何选择。离散度为各种子之间的标准差。",
    ),
    "study_chance": (
        "Who always names the commonest class is right on {share}.",
        "总是回答最常见类别的正确率为 {share}。",
    ),
    "ladder": ("The ladder", "阶梯"),
    "technique": ("Technique", "技术"),
    "mean_accuracy": ("Accuracy, mean", "平均准确率"),
    "spread": ("Spread", "离散度"),
    "near_zero": ("Activations near zero", "近零激活"),
    "trouble": ("What went wrong", "问题"),
    "diverged_of": ("diverged {number} of {total}", "{total} 次中 {number} 次发散"),
    "stuck_of": ("learned nothing {number} of {total}", "{total} 次中 {number} 次未学到东西"),
    "errors_along": ("Validation images that are wrong", "判断错误的验证图像"),
    "mean_seed": ("mean", "平均"),
    "worst_seed": ("worst seed", "最差种子"),
    "best_seed": ("best seed", "最佳种子"),
    "ground": ("What the figures rest on", "数据的依据"),
    "rung_axis": ("technique, from the first to the last", "技术，由先到后"),
    "each_rung": ("Each technique", "逐项结果"),
    "seed_line": ("seed {seed}", "种子 {seed}"),
}
"""Key to (English, Chinese); ``{name}`` is a place for a value."""


def say(key: str, **values: object) -> str:
    """Return the words of `key` in both languages, as HTML, with escaped `values` in their places.

    >>> say("seed_line", seed=3)
    '<span lang="en">seed 3</span><span lang="zh-Hans">种子 3</span>'
    """
    return both(WORDS[key], {name: text(value) for name, value in values.items()})
