"""Remarks on data, and the reasons in them, in Chinese: none is left out, and nothing of it is English but names."""

import ast
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pytest
from image_files import encoded, png_of, tiff_of
from PIL import Image
from test_dataset_folder import BOMB, PLAIN, picture, put

import convista
from convista.bilingual import Bilingual, in_chinese
from convista.dataset import load_dataset, scan
from convista.dataset import reasons as known
from convista.dataset.decoding import Picture, chosen_size
from convista.dataset.reasons import CLAUSES, in_both
from convista.dataset.records import LeftOut
from convista.dataset.remarks import WORDS, left_out_remarks, resized_remark

ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
SOURCE = Path(convista.__file__).parent


def places(words):
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("pair", [*WORDS.values(), *CLAUSES], ids=lambda pair: pair[0][:40])
def test_both_languages_hold_the_same_values(pair):
    english, chinese = pair
    assert places(english) == places(chinese)
    assert re.search("[\u4e00-\u9fff（]", chinese)


def test_every_remark_on_a_folder_with_all_faults_is_chinese(tmp_path):
    put(
        tmp_path,
        {
            **PLAIN,
            **{f"train/dog/more{n}.png": picture(100 + n, 4, 6) for n in range(6)},
            **{f"train/stray{n}.png": picture(n) for n in range(7)},
            "train/cat/16.png": encoded(Image.fromarray(np.arange(20, dtype=np.uint16).reshape(4, 5) * 999), "PNG"),
            "train/cat/colour.png": encoded(Image.new("RGB", (5, 4), (9, 8, 7)), "PNG"),
            "train/cat/again.png": PLAIN["train/cat/a.png"],
            "valid/dog/twice.png": PLAIN["train/cat/a.png"],
            "train/bird/.hidden.png": picture(3),
            "train/bee/1.png": picture(50),
            "train/bee/2.png": picture(50),
            "train/cat/empty.png": b"",
            "train/cat/note.txt": b"",
            "train/cat/bomb.png": BOMB,
            "train/cat/cut.png": picture(3)[:60],
            "train/cat/text.png": b"no image at all",
            "train/cat/nothing.png": png_of(0, 4, 8, 0, b""),
            "train/cat/float.tif": tiff_of(np.zeros((4, 5), np.float32)),
            "test/dog/1.png": picture(77),
        },
    )
    told = [*load_dataset(tmp_path).remarks, *scan(tmp_path)["remarks"]]
    keys = {key for key, (words, _) in WORDS.items() if any(starts(words, remark) for remark in told)}
    assert keys == set(WORDS) - {"why", "as colour"}
    for remark in told:
        assert isinstance(remark, Bilingual), remark
        words = re.sub(r"（[^（）]*[a-z][^（）]*）|convista predict RUN IMAGE", "", remark.chinese)  # paths, a command
        assert not ENGLISH.search(words), remark.chinese


def starts(words, remark):
    return remark.startswith(re.split(r"[{:]", words)[0]) or (words.startswith("resized") and "resized" in remark)


@pytest.mark.parametrize(
    ("sizes", "chinese"),
    [
        ([(8, 9)], "最常见的尺寸"),
        ([(8, 9), (5, 3)], "行数与列数各自的中位数"),
        ([(300, 400)], "最常见的尺寸，并缩小到 96；可用选项 size 另行指定"),
    ],
)
def test_why_it_is_this_size_is_said_in_chinese(sizes, chinese):
    size, why = chosen_size([Picture("", size, False, False, False, b"", None) for size in sizes])
    (remark,) = resized_remark(1, 2, size, why)
    assert remark.chinese == (
        f"已缩放：2 张图像中的 1 张，缩放至 {size[0]} 行 x {size[1]} 列（{chinese}）；宽高比不变，"
        "旁边的空白以图像边缘的均值填充"
    )


def test_many_files_of_one_reason_are_one_sentence_and_few_are_named():
    many = left_out_remarks([LeftOut(f"{n}.png", "it lies in no class folder") for n in range(9)])
    assert [remark.chinese for remark in many] == [
        "未使用：9 个文件（0.png、1.png、2.png 等 9 个），都因为它不在任何类别文件夹中"
    ]
    (few,) = left_out_remarks([LeftOut("a.png", "it is cut short or damaged (broken data)")])
    assert few.chinese == "未使用：a.png，因为它不完整或已损坏（broken data）"


def test_a_reason_of_which_nothing_is_known_stays_as_it_is():
    assert in_both("it is odd\nin two lines").chinese == "it is odd\nin two lines"
    assert in_chinese(in_both("the system says: a\nb")) == "系统提示：a\nb"


# Each reason that the source gives ----------------------------------------------------------------------------------

FILES = [*(SOURCE / "image").glob("*.py"), *(SOURCE / "dataset").glob("*.py")]


def clauses(tree):
    """What may become a reason: clauses about "it", and all that is given to an error or a file left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            given = {"UnreadableError": 0, "LeftOut": 1}.get(name)
            if given is not None and len(node.args) > given:
                yield from filter(None, [text(node.args[given])])
        elif isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.Constant | ast.IfExp):
            parts = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            yield from (
                said for part in parts if (said := text(part)) and said.startswith(("it ", "its ", "no image "))
            )


def text(node):
    """The text of a constant or an f-string, with a 7 in its places."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text(part) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return ""


PARTS = {  # parts of a clause, not whole ones
    "its path must be one below the folder": "line 7 of 7 names it, but {}",
    "it is not there": "line 7 of 7 names it, but {}",
    "it has 7, over the limit of 7": "it has 7 rows x 7 cols = 7 pixels, over the limit of 7",
    "line 7 of 7 names it, but 7": "line 7 of 7 names it, but it is not there",
}
OTHERS = {  # about a folder as a whole, or a download
    "it holds 7",
    "it holds 7, but no image",
    "it is empty",
    "its certificate is not trusted",
    "its file is another one, by the sha256",
}
FOUND = sorted({clause for file in FILES if file.name != "reasons.py" for clause in clauses(ast.parse(file.read_text("utf-8")))} - OTHERS)  # fmt: skip


@pytest.mark.parametrize("clause", FOUND)
def test_every_reason_that_the_source_gives_is_known_in_chinese(clause):
    assert in_both(PARTS.get(clause, clause).format(clause)).chinese != PARTS.get(clause, clause).format(clause)


def test_the_reasons_are_found():
    assert len(FOUND) > 20
    assert {"it is a folder", "it lies in a hidden folder", "it is a link to nothing", "7 has no label for it"} <= set(FOUND)  # fmt: skip


def test_no_clause_is_there_for_nothing():
    """Each is one that the source gives, or a part of it."""
    whole = [PARTS.get(clause, clause).format(clause) for clause in FOUND]
    others = ("it has shape 7", "it holds 7 numbers", "it is cut short or damaged (7)", "it isn't among", "line 7", "it has vanished")  # fmt: skip
    unused = [
        english
        for english, _ in CLAUSES
        if not any(re.fullmatch(known._expression(english), clause, re.DOTALL) for clause in whole)
        and not re.sub(r"\{\w+\}", "7", english).startswith(others)
    ]
    assert unused == []
