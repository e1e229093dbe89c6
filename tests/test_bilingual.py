"""Words in two languages are text in English wherever text is wanted, and keep the other on their way."""

import copy
import json
import pickle

import pytest

from convista.bilingual import Bilingual, in_chinese, said

WORD = Bilingual("an image", "一张图像")


def test_to_programs_it_is_english():
    assert json.dumps([WORD]) == '["an image"]'
    assert f"{WORD}, {WORD.upper()}" == "an image, AN IMAGE"
    assert {WORD: 1}["an image"] == 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda word: pickle.loads(pickle.dumps(word))])
def test_a_copy_keeps_both(copied):
    again = copied(WORD)
    assert (type(again), again, again.chinese) == (Bilingual, "an image", "一张图像")


def test_each_language_is_put_together_from_its_own():
    sentence = said(("{count:,} of {what}", "{what}中的 {count:,}"), count=2000, what=WORD)
    assert (sentence, sentence.chinese) == ("2,000 of an image", "一张图像中的 2,000")
    assert said(("{name} is {what}", "{name}是{what}"), name="a.png", what=WORD).chinese == "a.png是一张图像"
    assert in_chinese(sentence) == sentence.chinese
