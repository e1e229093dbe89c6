"""What diagrams say, in English and in Simplified Chinese."""

from __future__ import annotations

from convista.errors import one_of

LANGUAGES = ("en", "zh-Hans")

WORDS: dict[str, tuple[str, str]] = {
    "stop": ("stand still", "停止播放"),
    "and": (", ", "，"),
    "to": ("{from_} to {to}", "{from_} 变为 {to}"),
    "rows": ("rows", "行"),
    "cols": ("cols", "列"),
    "depth": ("depth", "深度"),
    "row": ("row", "行"),
    "col": ("col", "列"),
    "sheet": ("slice", "层"),
    "sheets": ("slices", "层"),
    "number": ("number", "个数"),
    "numbers": ("numbers", "个数"),
    "slice": ("depth {number}", "深度 {number}"),
    # a convolution's own words
    "input": ("input", "输入"),
    "output": ("output", "输出"),
    "kernel": ("kernel", "卷积核"),
    "turned": ("kernel, turned by 180°", "卷积核（旋转 180°）"),
    "kernel_fact": ("kernel {size}", "卷积核 {size}"),
    "stride_fact": ("stride {size}", "步幅 {size}"),
    "padding_fact": ("padding {size}", "填充 {size}"),
    "dilation_fact": ("dilation {size}", "空洞率 {size}"),
    "output_padding_fact": ("output padding {size}", "输出填充 {size}"),
    "transposed_fact": ("transposed convolution", "转置卷积"),
    "padded": ("{size}, padded to {board}", "{size}，填充后 {board}"),
    "spread": ("what the kernel slides over", "卷积核滑过的格子"),
    "zeros": ("{board}, zeros between and around", "{board}，数与数之间及四周补零"),
    "zeros_around": ("{board}, zeros around", "{board}，四周补零"),
    "cropped": ("{board}, some edges never read", "{board}，部分边缘从不读取"),
    "first_of": ("the first {shown} of {size}", "{size} 中的前 {shown}"),
    "shown": ("shown: the first {shown}", "图示前 {shown}"),
    "unread": ("No window reads the last {what} of the input.", "输入的最后 {what}不被任何窗口读取。"),
    "spans": (
        "A kernel of {kernel} with dilation {dilation} spans {span}.",
        "大小 {kernel}、空洞率 {dilation} 的卷积核跨 {span} 格。",
    ),
    "stops_told": (
        "{title}. The kernel stops at {count} places, row by row; each stop makes one number of the output. {formula}",
        "{title}。卷积核逐行停在 {count} 个位置，每停一次得到输出的一个数。{formula}",
    ),
    "shown_stops": ("Shown: the first {shown} of {count} stops.", "图中为 {count} 次停留中的前 {shown} 次。"),
    "many_terms": ("{count} products, together", "{count} 个乘积之和"),
    "bias": ("{bias} (bias)", "{bias}（偏置）"),
    # one sum
    "image": ("image", "图像"),
    "window": ("window", "窗口"),
    "weights": ("weights", "权重"),
    "products": ("products", "乘积"),
    "total": ("sum", "和"),
    "channel": ("channel {number}", "通道 {number}"),
    "more_channels": ("and {count} more channels, together {sum}", "另有 {count} 个通道，合计 {sum}"),
    "sum_title": ("{kernel} at row {row}, col {col}: {total}", "{kernel} 位于第 {row} 行、第 {col} 列：{total}"),
    "sum_told": (
        "{count} pixels of rows {rows} and cols {cols}, each times its weight; the products add up to {total}.",
        "第 {rows} 行、第 {cols} 列的 {count} 个像素各乘以其权重，乘积之和为 {total}。",
    ),
    "sum_told_bias": (
        "{count} pixels of rows {rows} and cols {cols}, each times its weight; the products and the bias {bias} add up "
        "to {total}.",
        "第 {rows} 行、第 {cols} 列的 {count} 个像素各乘以其权重，乘积与偏置 {bias} 之和为 {total}。",
    ),
    # the matrix
    "matrix": ("matrix C", "矩阵 C"),
    "matrix_title": ("{title}, as a matrix", "{title}，写成矩阵"),
    "matrix_size": ("{rows} rows (output) × {cols} cols (input)", "{rows} 行（输出）× {cols} 列（输入）"),
    "matrix_told": (
        "{title}. Output = C times input, both written as one column; of the {all} entries of C {filled} are weights, "
        "named by their row and col in the kernel, and the rest are zero.",
        "{title}。输出 = C 乘以输入，二者各写成一列；C 的 {all} 个元素中 {filled} 个为权重"
        "（以其在卷积核中的行、列命名），其余为零。",
    ),
    "numbered": ("{size}, numbered", "{size}，已编号"),
    # the receptive field
    "cone_title": ("Receptive field {size}, jump {jump}, start {start}", "感受野 {size}，跳距 {jump}，起点 {start}"),
    "cone_told": (
        "One number of the output (number {index}) depends on {size} numbers of the input in a row, of which {read} "
        "are read; the next number's begin {jump} further on. The first number's begin at {start}.",
        "输出的一个数（第 {index} 个）取决于输入中连续的 {size} 个数，其中 {read} 个被读取；"
        "下一个数的感受野后移 {jump}。第一个数的感受野起于 {start}。",
    ),
    "layer": ("layer {number}", "第 {number} 层"),
    "level_read": ("{count} read", "读取 {count} 个"),
    # channels
    "channels_title": (
        "{inputs} to {outputs} channels in {groups} groups",
        "{inputs} 到 {outputs} 通道，分 {groups} 组",
    ),
    "channels_one": ("{inputs} to {outputs} channels", "{inputs} 到 {outputs} 通道"),
    "channels_told": (
        "Each of the {outputs} output channels reads {each} of the {inputs} input channels; its kernel has {weights} "
        "weights.",
        "{outputs} 个输出通道各读取 {inputs} 个输入通道中的 {each} 个；每个卷积核有 {weights} 个权重。",
    ),
    "depthwise": ("Depthwise: each channel on its own.", "逐通道卷积：每个通道单独计算。"),
    "input_channels": ("input channels", "输入通道"),
    "output_channels": ("output channels", "输出通道"),
    "more": ("and {count} more", "另有 {count} 个"),
    # a network
    "network_title": ("A network of {count} layers", "共 {count} 层的网络"),
    "network_told": (
        "From the input {input} to the output {output}: {layers}.",
        "从输入 {input} 到输出 {output}：{layers}。",
    ),
    "maps_title": ("Feature maps of {count} layers", "{count} 层的特征图"),
    "maps_told": (
        "Each row is a layer, with {most} of its maps at most; within a row one colour is one number, and blue is "
        "below zero, red above.",
        "每行为一层，最多显示其中 {most} 张图；同一行内颜色相同即数值相同，蓝色为负，红色为正。",
    ),
    "maps_of": ("{shown} of {count} maps", "{count} 张中的 {shown} 张"),
    # conventions
    "conventions_title": ("One kernel, {count} conventions", "同一个核，{count} 种约定"),
    "conventions_told": (
        "What each makes of the same image and kernel; outlined are the numbers that differ from {reference}. {told}.",
        "各约定对同一图像与核的结果；描边的数与 {reference} 不同。{told}。",
    ),
    "differing": ("{count} of {all} differ", "{all} 个中 {count} 个不同"),
    "from_to": ("from {low} to {high}", "从 {low} 到 {high}"),
}


def say(key: str, language: str, /, **values: object) -> str:
    """Return a sentence in a language, its values put in.

    >>> say("first_of", "en", shown=12, size=28), say("kernel", "zh-Hans")
    ('the first 12 of 28', '卷积核')
    """
    one_of("language", language, LANGUAGES)
    return WORDS[key][LANGUAGES.index(language)].format(**values)


def times(sizes: tuple[int, ...]) -> str:
    """Return sizes as they are read aloud.

    >>> times((28, 20)), times((5,))
    ('28 × 20', '5')
    """
    return " × ".join(map(str, sizes))


def same(sizes: tuple[int, ...]) -> str:
    """Return one number where all are the same.

    >>> same((2, 2)), same((1, 2))
    ('2', '1 × 2')
    """
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)
