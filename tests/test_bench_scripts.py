"""What only a fresh process can show."""

import pytest

from convista.bench import scripts
from convista.bench.cell import Script


def test_each_program_is_run_afresh_and_its_first_run_does_not_count(tmp_path):
    count = tmp_path / "count"
    program = f"from pathlib import Path; p = Path({str(count)!r}); n = p.stat().st_size if p.exists() else 0; p.write_text('x' * (n + 1)); print('hello'); print(n)"
    found = scripts.measure(Script("s", "memory", {"convista": program}, runs=3), 1)
    assert found.values["convista"].median == 2  # of 1, 2, 3


def test_a_program_that_fails_is_left_out_with_its_last_words():
    found = scripts.measure(Script("s", "memory", {"convista": "print(1)", "cv2": "import no_such_package"}, runs=1), 1)
    assert found.left_out == {"cv2": "ModuleNotFoundError: No module named 'no_such_package'"}
    assert set(found.values) == {"convista"}


@pytest.mark.parametrize("script", list(scripts.scripts()), ids=lambda script: script.name)
def test_every_program_can_be_compiled(script):
    for program in script.programs.values():
        compile(program, script.name, "exec")


@pytest.mark.parametrize("name", ["import", "first call 28 K=3"])
def test_the_quick_programs_print_seconds(name):
    script = next(each for each in scripts.scripts() if each.name == name)
    seconds, fault = scripts.run(script.programs["convista"])
    assert fault == ""
    assert 0 < seconds < 600


def test_the_memory_program_prints_a_share(monkeypatch):
    monkeypatch.setattr(scripts, "MEMORY", scripts.MEMORY.replace("8192", "2048"))
    script = next(each for each in scripts.scripts() if each.group == "memory")
    share, fault = scripts.run(script.programs["convista"])
    assert fault == ""
    assert 0 < share < 100
