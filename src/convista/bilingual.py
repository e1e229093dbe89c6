"""Words in English that know themselves in Chinese: made where something is known, shown wherever a page is made."""

from __future__ import annotations


class Bilingual(str):
    """A text in English, for programs and terminals; `chinese` is the same in Simplified Chinese, for pages.

    >>> word = Bilingual("an image", "一张图像")
    >>> word, word == "an image", word.chinese
    ('an image', True, '一张图像')
    """

    __slots__ = ("chinese",)
    chinese: str

    def __new__(cls, english: str, chinese: str) -> Bilingual:
        """Return the English text, which holds the Chinese one."""
        word = super().__new__(cls, english)
        word.chinese = chinese
        return word

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # what a copy is made from
        return str(self), self.chinese


def said(words: tuple[str, str], **values: object) -> Bilingual:
    """Return words, English and Chinese, with values in their places: each in the language of the words around it.

    >>> said(("{what} is small", "{what}很小"), what=Bilingual("it", "它")).chinese
    '它很小'
    """
    english, chinese = words
    own = {name: in_chinese(value) if isinstance(value, str) else value for name, value in values.items()}
    return Bilingual(english.format_map(values), chinese.format_map(own))


def in_chinese(text: str) -> str:
    """Return a text in Chinese where it knows itself so, else as it is.

    >>> in_chinese(Bilingual("it", "它")), in_chinese("it")
    ('它', 'it')
    """
    return text.chinese if isinstance(text, Bilingual) else text
