"""What a bug report should say about the machine, and nothing about its user.

Only what is listed here is printed: no messages of errors, which name folders; no names of files,
users and hosts; no variables of the environment.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from stemsilver import __version__
from stemsilver.device import cores

_CPU_INFO = Path("/proc/cpuinfo")
_FOR_DEVELOPERS = re.compile(r"extra == ['\"](test|demo|lock)['\"]")


def machine() -> Iterator[str]:
    """Yield a line about each: Stemsilver, Python, system, processor, memory."""
    yield f"Stemsilver: {__version__}"
    yield f"Python: {platform.python_version()} ({platform.python_implementation()})"
    # Of the release only its numbers: who builds a kernel gives it a name.
    release = re.match(r"[\d.]*\d", platform.release())
    libc = " ".join(platform.libc_ver())
    system = [platform.system(), release[0] if release else "", platform.machine(), libc]
    yield f"System: {' '.join(filter(None, map(str.strip, system)))}"
    yield f"Processor: {_processor()}, {cores()} cores"
    with suppress(AttributeError, OSError, ValueError):  # Windows has no sysconf
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        yield f"Memory: {size / 1e9:.1f} GB"


def packages() -> str:
    """Return a line with the packages that Stemsilver runs on, as far as they are installed."""
    required: Iterable[str] = ()
    with suppress(metadata.PackageNotFoundError):
        required = metadata.requires("stemsilver") or ()
    run_on = [one for one in required if not _FOR_DEVELOPERS.search(one)]
    names = {found[0].lower() for one in run_on if (found := re.match(r"[\w.-]+", one))}
    names.discard("stemsilver")  # an extra may name another one
    versions = []
    for name in sorted(names):
        with suppress(metadata.PackageNotFoundError):
            versions.append(f"{name} {metadata.version(name)}")
    return f"Packages: {', '.join(versions) or 'unknown'}"


def _processor() -> str:
    with suppress(OSError):
        named = re.search(r"^model name\s*: (.+)$", _CPU_INFO.read_text(), re.MULTILINE)
        if named:
            return named[1]
    return platform.processor() or "unknown"
