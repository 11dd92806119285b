"""The paths of renders as pages show them: the name of the file, and its folders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stemsilver.report import visible
from stemsilver.report.text.wording import shortened

_NAME = 64
_FOLDER = 90
_ROW_FOLDER = 34
"""The most characters of a name and of folders in a heading, and of folders in a table."""


@dataclass(frozen=True)
class FilePath:
    """A path in two parts: its folders, empty or ending with `/`, and the name of the file.

    The short ones are without their middle if they are long; the name keeps its suffix.
    """

    folder: str
    name: str

    @property
    def short_folder(self) -> str:
        """The folders, as a heading has them."""
        return shortened(self.folder, _FOLDER)

    @property
    def row_folder(self) -> str:
        """The folders, as a table has them."""
        return shortened(self.folder, _ROW_FOLDER)

    @property
    def short_name(self) -> str:
        """The name, as a heading has it."""
        return shortened(self.name, _NAME)


def file_path(path: str) -> FilePath:
    """Split the path of a render.

    >>> file_path("one/two/line.wav")
    FilePath(folder='one/two/', name='line.wav')
    """
    folder, slash, name = visible(path).rpartition("/")
    return FilePath(folder + slash, name)


def breakable(path: str) -> list[str]:
    """Split a path where it may break on a narrow page.

    >>> breakable("a_b/c.wav")
    ['a_', 'b/', 'c', '.wav']
    """
    return re.split(r"(?<=[/_ -])|(?=\.)", visible(path))
