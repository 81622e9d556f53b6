"""Every Python example of the README runs."""

import importlib.metadata
import re

import pytest

README = str(importlib.metadata.metadata("stend").get_payload())
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.S | re.M)
WAITER = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { table: 1000028 } }\n"


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_example_runs(number, pytester, capsys):
    block = BLOCKS[number]
    for name in ("lunch", "scenario"):
        pytester.makefile(".yaml", **{name: WAITER})
    if "import requests" in block:
        pytest.importorskip("requests")
    if "def test_" in block:
        pytester.makepyfile(block)
        pytester.runpytest_subprocess().assert_outcomes(passed=block.count("def test_"))
    else:
        exec(compile(block, f"README.md, example {number + 1}", "exec"), {})


def test_there_are_examples():
    assert len(BLOCKS) >= 5 and sum("def test_" in block for block in BLOCKS) >= 3
