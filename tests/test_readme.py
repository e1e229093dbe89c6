"""The README's blocks run, and print what it says; the Chinese one has the same blocks."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(name: str) -> list[tuple[str, str]]:
    """(language, text) of each fenced block."""
    return BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


def test_the_python_blocks_print_what_the_readme_says(tmp_path, monkeypatch, sample):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks("README.md")
    for (language, code), (following, expected) in zip(found, [*found[1:], ("", "")], strict=True):
        if language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "README.md", "exec"), names)
            assert following == "text"
            assert printed.getvalue() == expected


def test_the_commands_are_commands_that_exist():
    from convista.cli.entry import app

    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = [line[2:] for language, text in blocks("README.md") if language == "console" for line in text.splitlines()]
    assert lines
    for line in lines:
        program, verb, *_ = shlex.split(line)
        assert verb in {"convista": commands, "make": targets}[program]


def test_the_chinese_readme_has_the_same_blocks():
    assert blocks("README.zh-CN.md") == blocks("README.md")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_file_that_the_readme_names_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
