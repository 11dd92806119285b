"""Write docs/cli.md from the command line itself: its commands, arguments, options and texts.

`make docs` runs it; a test fails when the page is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from stemsilver.cli.main import app

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"

HEAD = """\
# Command line

Every command with its options, as `--help` prints them. (Made by `make docs`; do not edit it.)

`python -m stemsilver` is the same as `stemsilver`. Exit codes: 0 success · 1 a render or a gate
failed, or the new site failed its own checks · 2 wrong usage or profile · 3 nothing to do · 4 the
machine lacks something · 130 interrupted (`serve`: 0) · 143 ended by SIGTERM.

## Completion

```sh
stemsilver --install-completion    # for the shell in use: bash, zsh, fish or PowerShell
stemsilver --show-completion       # prints what it would install
```

Then start a new shell: the Tab key completes commands and options.
"""


def page() -> str:
    """Return the whole page."""
    root = typer.main.get_command(app)
    return "\n".join([HEAD, *_group(root, "stemsilver")]).rstrip() + "\n"


def _group(group: Any, path: str) -> Iterator[str]:
    for name in group.commands:
        command = group.commands[name]
        place = f"{path} {name}"
        if hasattr(command, "commands"):
            yield from _group(command, place)
        else:
            yield from _command(command, place)


def _command(command: Any, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    needed = [_value(one.opts[0], one) for one in options if one.required]
    usage = [path, *map(_placeholder, arguments), *needed, "[OPTIONS]"]
    yield f"## {path}\n"
    yield f"```sh\n{' '.join(usage)}\n```\n"
    yield f"{command.help}\n"
    for one in (*arguments, *options):
        name = _placeholder(one) if one in arguments else _shown(one)
        words = [one.help, "Required." if one.required and one in options else "", _default(one)]
        yield f"- `{name}`: {' '.join(filter(None, words))}"
    yield ""


def _placeholder(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _shown(option: Any) -> str:
    """Return the forms of an option, the long one first, and the value that it takes."""
    forms = sorted(option.opts, key=lambda form: not form.startswith("--"))
    return _value(", ".join([*forms, *option.secondary_opts]), option)


def _value(forms: str, option: Any) -> str:
    if option.is_flag:
        return forms
    return f"{forms} {option.metavar or option.name.rpartition('_')[2].upper()}"


def _default(one: Any) -> str:
    """Return the sentence about a default that says something."""
    if isinstance(one.show_default, str):
        return f"Default: {one.show_default}."
    if one.default in (None, False, [], ()) or callable(one.default):
        return ""
    return f"Default: `{one.default}`."


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
