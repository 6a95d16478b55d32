"""The points where a test can stop the process do nothing in the product, and each of them is passed somewhere."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from storage import fault_point

CHECKOUT = Path(fault_point.__file__).parents[1]


def product() -> Iterator[tuple[Path, ast.Module]]:
    for package in ("storage", "dicom_nodes", "pacs"):
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def test_each_point_is_passed_by_the_product() -> None:
    passed = {
        node.args[0].value
        for _, tree in product()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "reached"
        and isinstance(node.args[0], ast.Constant)
    }
    assert passed == set(get_args(fault_point.Point))


def test_the_product_takes_nothing_of_the_seam_but_the_passing() -> None:
    taken = {
        alias.name
        for path, tree in product()
        if path.name != "fault_point.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "storage.fault_point"
        for alias in node.names
    }
    assert taken == {"reached"}
    assert not [path for path, tree in product() if "STOP_AT" in ast.dump(tree)]
