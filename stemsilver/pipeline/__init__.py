"""The whole job: from a folder of renders to speech-only files, evidence and a site.

The only package here that imports all the others. Each name is imported on first use: workers draw
no pages, so they do not import the code for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stemsilver.pipeline.bakeoff import compare
    from stemsilver.pipeline.files_only import audit_files, clean_files
    from stemsilver.pipeline.measure_pair import evaluate_pair
    from stemsilver.pipeline.outputs import write_report
    from stemsilver.pipeline.preflight import check_outputs, verify_models
    from stemsilver.pipeline.site import BuildOutcome, Places, build_site

__all__ = [
    "BuildOutcome",
    "Places",
    "audit_files",
    "build_site",
    "check_outputs",
    "clean_files",
    "compare",
    "evaluate_pair",
    "verify_models",
    "write_report",
]

_MODULES = {
    "bakeoff": ("compare",),
    "files_only": ("audit_files", "clean_files"),
    "measure_pair": ("evaluate_pair",),
    "outputs": ("write_report",),
    "preflight": ("check_outputs", "verify_models"),
    "site": ("BuildOutcome", "Places", "build_site"),
}


if not TYPE_CHECKING:  # else type checkers would accept any name

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
