"""README's console blocks: `$ command`, `> continuation`, then the output, in which `…` stands for anything.

Blocks below `<!-- tested -->` run, in order and in one shell, so a variable or a file of one block serves the next.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?P<mark><!-- tested -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)
_END = "\x1e"  # between the outputs of two commands; no command prints it


@dataclass(frozen=True)
class Step:
    """A command and what it has to print."""

    command: str
    expected: str

    def explains(self, printed: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.expected.split("…"))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def blocks(page: str) -> list[tuple[bool, str]]:
    """(is tested, text) of each console block."""
    return [(match["mark"] is not None, match["body"]) for match in _BLOCK.finditer(page)]


def steps(page: str) -> list[Step]:
    """The commands of all tested blocks, in order."""
    found: list[tuple[list[str], list[str]]] = []
    for is_tested, body in blocks(page):
        for line in body.splitlines() if is_tested else ():
            if line.startswith("$ "):
                found.append(([line[2:]], []))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1][0].append(line[2:])
            else:
                found[-1][1].append(line)
    return [Step("\n".join(command), "\n".join(output).strip()) for command, output in found]


def run(commands: list[str], folder: Path, environment: dict[str, str]) -> list[tuple[int, str]]:
    """(exit code, stdout) of each command, in one shell; what they say on stderr is shown when a test fails."""
    script = "\n".join(f"{command}\nprintf '%s%s' $? '{_END}'" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script], check=False, cwd=folder, env=environment, stdout=subprocess.PIPE, timeout=600
    )
    parts = done.stdout.decode().split(_END)[:-1]
    return [(int(part[-1]), part[:-1]) for part in parts]
