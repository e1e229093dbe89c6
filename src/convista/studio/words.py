"""What the report says, in English and in Simplified Chinese. Both stand in the page; a switch shows one."""

from __future__ import annotations

from collections.abc import Mapping

from convista.studio.markup import tag, text

LANGUAGES = ("en", "zh-Hans")

WORDS: dict[str, tuple[str, str]] = {
    "report": ("Training report", "训练报告"),
    # the headline
    "right": ("{right} of {total} right", "{total} 张中 {right} 张正确"),
    "interval": (
        "On the validation images. 95 % confidence interval: {low} to {high} (Wilson). It covers the chance in which "
        "{total} images were drawn; what another seed would change is not in it.",
        "以验证图像计。95 % 置信区间为 {low} 至 {high}（Wilson 法）：它只反映这 {total} 张图像抽样的偶然性，"
        "不包含换一个随机种子的差异。",
    ),
    "averaged": (
        "With test-time averaging over {views} views ({moved}): {right} of {total} right, {share}. It is told for "
        "comparison; all other figures are of the images as they are.",
        "使用 {views} 个视图的测试时平均（{moved}）：{total} 张中 {right} 张正确，即 {share}。"
        "此数仅供比较；其余数字均以原图计。",
    ),
    "moved": ("moved by up to {pixels} px", "最多移动 {pixels} 像素"),
    "mirrored": ("moved by up to {pixels} px and mirrored", "最多移动 {pixels} 像素并镜像"),
    "errors": ("errors", "错误"),
    "images": ("training images", "训练图像"),
    "classes": ("classes", "类别"),
    "parameters": ("parameters", "参数"),
    "epochs": ("epochs", "训练轮数"),
    "time": ("time", "用时"),
    # the data
    "data": ("Data", "数据"),
    "read": (
        "{data}, read from {folder}. The network sees {shape} numbers an image (channels × rows × columns).",
        "{data}，读取自 {folder}。网络看到的每张图像为 {shape} 个数（通道 × 行 × 列）。",
    ),
    "counts": ("Images of each class", "各类别的图像数"),
    "class": ("Class", "类别"),
    "train": ("Training", "训练"),
    "valid": ("Validation", "验证"),
    "sum": ("Sum", "合计"),
    "samples": ("Some training images of each class", "各类别的部分训练图像"),
    "more_classes": ("and {count} more classes", "另有 {count} 个类别"),
    "remarks": ("Remarks", "备注"),
    "no_remarks": ("Nothing odd was found in the data.", "数据中没有发现异常。"),
    # the network
    "network": ("Network", "网络"),
    "line": ("This line builds it:", "由这一行文字构建："),
    "own_line": ("A network of your own; this function makes its layers:", "这是您自己的网络，由以下函数构建："),
    "layers": (
        "The layers in the order of computation; the shape is for one image (channels × rows × columns)",
        "各层按计算顺序排列；形状对应一张图像（通道 × 行 × 列）",
    ),
    "layer": ("Layer", "层"),
    "kind": ("Kind", "种类"),
    "parameters_head": ("Parameters", "参数量"),
    "shape": ("Output shape", "输出形状"),
    # training
    "training": ("Training", "训练过程"),
    "loss": ("Loss of each epoch", "每轮的损失"),
    "accuracy_curve": ("Accuracy on the validation images", "验证图像上的准确率"),
    "batch_loss": ("Loss of each batch", "每个批次的损失"),
    "rate": ("Learning rate", "学习率"),
    "momentum": ("Momentum", "动量"),
    "epoch_axis": ("epoch", "轮"),
    "batch_axis": ("batch", "批次"),
    "history": ("Each epoch", "逐轮数据"),
    "epoch": ("Epoch", "轮次"),
    "train_loss": ("Training loss", "训练损失"),
    "valid_loss": ("Validation loss", "验证损失"),
    "accuracy": ("Accuracy", "准确率"),
    "seconds_head": ("Seconds", "秒"),
    "stopped": (
        "Training ended after epoch {done} of {epochs}: no new lowest validation loss in {patience} epochs. The "
        "validation images had a say in when it ended, so the figures on them are a little too good.",
        "训练在第 {done} 轮（共 {epochs} 轮）后结束：连续 {patience} 轮验证损失没有新低。结束的时机由验证图像决定，"
        "因此在它们上的数字略为偏高。",
    ),
    "finder": ("Learning-rate finder", "学习率搜索"),
    "smoothed": ("smoothed", "平滑后"),
    "each_step": ("each step", "每一步"),
    "suggestion": ("suggestion", "建议"),
    "loss_axis": ("loss", "损失"),
    # the diagnosis
    "diagnosis": ("Diagnosis", "诊断"),
    "no_findings": (
        "No sign of trouble: rules looked at the loss, the activations, the gradients and the steps of the weights.",
        "没有发现问题：已按规则检查了损失、激活、梯度与权重的更新。",
    ),
    "severe_findings": ("What stands in bold makes the run useless as it is.", "粗体各项使本次训练的结果不可用。"),
    # activations
    "activations": ("Activations and gradients", "激活与梯度"),
    "not_watched": ("They were not watched.", "本次运行没有记录。"),
    "watched": (
        "Watched in {steps} steps, one in {every}, on about 4,000 numbers of each layer.",
        "共记录 {steps} 步（每 {every} 步一次），每层约取 4,000 个数。",
    ),
    "colourful": (
        "Each column is a histogram of one step: time goes to the right, values go up, and the brighter the more "
        "numbers have that value (logarithm of the count). A healthy layer spreads and stays; "
        "one that climbs and crashes, or has nothing left but zero, does not learn.",
        "每一列是某一步的直方图：向右为时间，向上为数值，越亮表示取该值的数越多（计数的对数）。"
        "健康的层分布展开并保持稳定；不断升高又崩溃、或只剩下零的层学不到东西。",
    ),
    "before": ("Before {layer}", "{layer} 之前"),
    "after": ("After {layer}", "{layer} 之后"),
    "more_layers": ("and {count} more layers", "另有 {count} 层"),
    "near_zero": ("Nearly zero (below {near}) after the activation", "激活后接近零（小于 {near}）的比例"),
    "spread": ("Standard deviation after the activation", "激活后的标准差"),
    "gradient": ("Length of the gradient", "梯度的长度"),
    "update": ("Step as a share of the weights' length", "每步更新量与权重长度之比"),
    "step_axis": ("step", "步"),
    # confusion
    "confusion": ("Confusion", "混淆矩阵"),
    "matrix": (
        "Validation images by what they are (rows) and what the network said (columns)",
        "验证图像：行为真实类别，列为网络的判断",
    ),
    "shades": (
        "Blue is right: the deeper, the larger its share of the row. Orange is wrong: the deeper, the more images.",
        "蓝色为正确：越深，占该行的比例越大。橙色为错误：越深，图像越多。",
    ),
    "truth": ("It is", "真实类别"),
    "said": ("The network said", "网络判断"),
    "share_right": ("Right", "正确率"),
    "many": (
        "With {classes} classes the whole table would be unreadable; these are the pairs confused most often.",
        "共 {classes} 个类别，完整表格难以阅读；以下为最常混淆的类别对。",
    ),
    "pairs": ("Classes taken for each other", "被混淆的类别"),
    "count": ("Images", "图像数"),
    "share_class": ("Share of the class", "占该类比例"),
    "no_pairs": ("No pair was confused.", "没有任何类别被混淆。"),
    "classes_each": (
        "Each class: how many of its images were found (recall), and how many of those taken for it are of it "
        "(precision)",
        "各类别：其图像中被认出的比例（召回率），以及被判为该类的图像中确属该类的比例（精确率）",
    ),
    "recall": ("Recall", "召回率"),
    "interval_head": ("95 % interval (Wilson)", "95 % 置信区间（Wilson）"),
    "precision": ("Precision", "精确率"),
    # calibration
    "calibration": ("Calibration", "校准"),
    "calibrated": (
        "Is the network right as often as it says? The images are sorted into {bins} bins by the probability of their "
        "answer. Each dot is a bin: how sure the network was of it, and how often it was right. On the straight line "
        "the two agree; above it the network is too modest, below it too sure.",
        "网络说的概率与它正确的频率一致吗？图像按答案的概率分入 {bins} 个区间，每个点代表一个区间：网络有多确信，"
        "以及实际有多少正确。在直线上两者一致；在其上方为过于谨慎，在其下方"
        "为过于自信。",
    ),
    "no_calibration": (
        "There are too few validation images for it: two of a class are needed.",
        "验证图像太少，无法评估：至少有一个类别需要两张。",
    ),
    "temperature": (
        "After: all answers (logits) are divided by one number, the temperature {temperature}. It was fitted on "
        "{fitted} validation images, every second one of each class; all figures here are of the other {images}. It "
        "changes no prediction, and the saved network is without it.",
        "“校准后”指所有答案（logit）除以同一个数，即温度 {temperature}。它由 {fitted} 张验证图像拟合"
        "（每个类别每隔一张取一张）；此处的数字均来自其余 {images} 张。它不改变任何判断，保存的网络也不含它。",
    ),
    "no_temperature": (
        "No temperature was found that would make it better: on the {fitted} validation images that it is fitted on "
        "(every second one of each class) none from 0.05 to 20 is the best, as where every image is right. All figures "
        "here are of the other {images}.",
        "没有找到能改善校准的温度：在用于拟合的 {fitted} 张验证图像上（每个类别每隔一张取一张），0.05 至 20 之间"
        "没有最优值，例如全部判断正确时。此处的数字均来自其余 {images} 张。",
    ),
    "reliability": ("Reliability: how often it is right", "可靠性：实际正确的比例"),
    "sure_axis": ("how sure it is, in %", "网络的确信程度（%）"),
    "as_sure": ("as sure as right", "确信与正确一致"),
    "answers_as_they_are": ("as it is", "校准前"),
    "answers_calibrated": ("after temperature", "校准后"),
    "ece_table": ("The figures before and after", "校准前后的数字"),
    "ece": ("Expected calibration error (ECE)", "期望校准误差（ECE）"),
    "by_chance": (
        "The same by chance, if every probability were true",
        "若每个概率都属实，仅由偶然产生的同一误差",
    ),
    "log_loss": ("Mean of −log of the truth’s probability", "真实类别概率的 −log 均值"),
    "bins": ("The bins as it is", "校准前的各区间"),
    "bin": ("Probability, %", "概率（%）"),
    "sure": ("Mean probability", "平均概率"),
    # mistakes
    "mistakes": ("Worst mistakes", "最严重的错误"),
    "worst": (
        "{shown} of {errors} errors: those where the network gave the truth the least probability, the worst first.",
        "共 {errors} 个错误，此处为 {shown} 个：网络给真实类别的概率最低者，最严重的在前。",
    ),
    "all_worst": (
        "{errors} in all, first those where the network gave the truth the least probability.",
        "共 {errors} 个，网络给真实类别概率最低者在前。",
    ),
    "no_mistakes": ("There are none: every validation image was right.", "没有错误：所有验证图像都判断正确。"),
    "no_pictures": ("No pictures of them were kept.", "没有保留它们的图像。"),
    "taken": ("{truth}, taken for {predicted}", "{truth}，被判为 {predicted}"),
    # kernels
    "kernels": ("First-layer kernels", "第一层卷积核"),
    "learned": (
        "What the network learned to look for: {filters} kernels of {shape} weights (channels × rows × columns). "
        "All share one scale around zero: red is positive, blue negative.",
        "网络学到的图案：{filters} 个卷积核，每个有 {shape} 个权重（通道 × 行 × 列）。全部使用同一个以零为中心的色标："
        "红色为正，蓝色为负。",
    ),
    "hover": ("Point at a kernel to read its weights.", "将指针移到卷积核上可读取权重。"),
    "no_kernels": ("The network has no convolution.", "该网络没有卷积层。"),
    "kernel": ("Kernel {number}", "卷积核 {number}"),
    "side_by_side": ("The channels of a kernel stand side by side.", "同一卷积核的各通道并排显示。"),
    "more_kernels": ("and {count} more kernels", "另有 {count} 个卷积核"),
    # what the figures rest on
    "basis": ("What the figures rest on", "这些数字的依据"),
    "last_weights": (
        "Nothing was selected on the validation images: the weights are those after the last step.",
        "没有依据验证图像作任何选择：权重为最后一步之后的权重。",
    ),
    "ema_weights": (
        "Nothing was selected on the validation images: the weights are the moving average (EMA, decay {decay}) of "
        "those of all steps, as it was after the last step.",
        "没有依据验证图像作任何选择：权重为各步权重的滑动平均（EMA，衰减 {decay}），取自最后一步之后。",
    ),
    "straight": ("The run went straight through, without going back.", "运行一路完成，没有回退。"),
    "went_back": (
        "Once the loss was no number: the run went back to the begin of that epoch, and on with a third of the "
        "learning rate.",
        "损失曾一度不是数值：运行回退到该轮开头，并以三分之一的学习率继续。",
    ),
    "one_seed": (
        "One run with one seed, {seed}. Another seed gives other weights and another accuracy.",
        "只运行了一次，随机种子为 {seed}。换一个种子会得到不同的权重和准确率。",
    ),
    "judged_on": (
        "{total} validation images, of which none was trained on; they served for these figures and for nothing else.",
        "{total} 张验证图像均未用于训练，只用于得出这里的数字。",
    ),
    "stopped_early_on": (
        "{total} validation images, of which none was trained on; but they decided when to stop, which flatters the "
        "figures a little.",
        "{total} 张验证图像均未用于训练，但它们决定了何时停止，这会使数字略微偏好。",
    ),
    "computed": (
        "Computed on {processor} (threads: {threads}; torch {torch}). On another machine or version the last digits "
        "may differ, and with them the weights.",
        "在 {processor} 上计算（线程数：{threads}；torch {torch}）。换一台机器或一个版本，末位数字可能不同，"
        "权重也随之不同。",
    ),
    # the run
    "run": ("This run", "本次运行"),
    "repeat": ("To repeat it, type:", "重复此次运行，请输入："),
    "settings": ("Settings", "设置"),
    "machine": ("Machine", "机器"),
    "versions": ("Versions", "版本"),
    "clock": ("Time", "时间"),
    "started": ("Started", "开始于"),
    "whole_run": ("Reading, training and judging", "读取、训练与评估"),
    "training_time": ("The epochs alone", "仅训练各轮"),
    "hours": ("{hours} h {minutes} min", "{hours} 小时 {minutes} 分"),
    "minutes": ("{minutes} min {seconds} s", "{minutes} 分 {seconds} 秒"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "alone": ("This page is one file; it loads nothing from anywhere.", "本页是一个独立文件，不加载任何外部内容。"),
}
"""What the page says: key to (English, Chinese); ``{name}`` is a place for a value."""

TERMS: dict[str, tuple[str, str]] = {
    "augmentation": ("augmentation", "数据增强"),
    "average": ("average", "滑动平均衰减"),
    "batch": ("batch", "批大小"),
    "batch size": ("batch size", "批大小"),
    "clip": ("clip", "梯度裁剪"),
    "colour": ("colour", "明暗与对比变化"),
    "cores": ("cores", "核心数"),
    "cutmix": ("cutmix", "图像剪贴混合"),
    "data": ("data", "数据"),
    "device": ("device", "设备"),
    "epochs": ("epochs", "训练轮数"),
    "erase": ("erase", "随机擦除"),
    "flip": ("flip", "镜像"),
    "label smoothing": ("label smoothing", "标签平滑"),
    "learning rate": ("learning rate", "学习率"),
    "memory": ("memory", "内存"),
    "mixup": ("mixup", "图像混合"),
    "momentum": ("momentum", "动量"),
    "network": ("network", "网络"),
    "optimizer": ("optimizer", "优化器"),
    "patience": ("patience", "耐心轮数"),
    "precision": ("precision", "计算精度"),
    "processor": ("processor", "处理器"),
    "rate": ("rate", "学习率"),
    "rotation": ("rotation", "旋转"),
    "schedule": ("schedule", "学习率计划"),
    "seed": ("seed", "随机种子"),
    "shear": ("shear", "剪切"),
    "shift": ("shift", "平移"),
    "size": ("size", "尺寸"),
    "sizes": ("sizes", "逐步尺寸"),
    "statistics": ("statistics", "激活统计"),
    "system": ("system", "操作系统"),
    "tta": ("tta", "测试时平均"),
    "threads": ("threads", "线程数"),
    "weighted": ("weighted", "按类别加权"),
    "weight decay": ("weight decay", "权重衰减"),
    "zoom": ("zoom", "缩放"),
}
"""Names that settings, machine and versions bring along; one that isn't here is shown as it is."""


CHOSEN: dict[str, str] = {
    "auto": "自动",
    "both": "水平与垂直",
    "constant": "恒定",
    "horizontal": "水平",
    "none": "无",
    "None": "无",
    "one_cycle": "单周期",
}
"""What settings may be, as it is typed, and its Chinese; a name or a number stays as it is."""


def say(key: str, **values: object) -> str:
    """Return the words of `key` in both languages, as HTML, with escaped `values` in their places.

    >>> say("class")
    '<span lang="en">Class</span><span lang="zh-Hans">类别</span>'
    >>> say("taken", truth="<3>", predicted="7").partition("</span>")[0]
    '<span lang="en">&lt;3&gt;, taken for 7'
    """
    return both(WORDS[key], {name: text(value) for name, value in values.items()})


def term(name: str) -> str:
    """Return a setting's name in both languages where its Chinese is known, else as it is.

    >>> term("batch_size"), term("<odd>")
    ('<span lang="en">batch size</span><span lang="zh-Hans">批大小</span>', '&lt;odd&gt;')
    """
    pair = TERMS.get(name.lower().replace("_", " "))
    return both(pair) if pair else text(name)


def choice(value: str) -> str:
    """Return what a setting is in both languages where its Chinese is known, else as it is.

    >>> choice("one_cycle"), choice("adamw")
    ('<span lang="en">one_cycle</span><span lang="zh-Hans">单周期</span>', 'adamw')
    """
    return both((value, CHOSEN[value]), {}) if value in CHOSEN else text(value)


def both(pair: tuple[str, str], values: Mapping[str, str] | None = None) -> str:
    """Return words in both languages as HTML, with `values`, which are pieces, in their places; without, as text.

    >>> both(("a {what}", "{what} 一个"), {"what": "<b>run</b>"})
    '<span lang="en">a <b>run</b></span><span lang="zh-Hans"><b>run</b> 一个</span>'
    >>> both(("a < b", "甲"))
    '<span lang="en">a &lt; b</span><span lang="zh-Hans">甲</span>'
    """
    said = [text(words) if values is None else words.format_map(values) for words in pair]
    return "".join(tag("span", words, lang=language) for language, words in zip(LANGUAGES, said, strict=True))
