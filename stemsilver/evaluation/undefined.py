"""The exception for a metric that has no value for a signal, and the usual reasons."""

from __future__ import annotations

TOO_SHORT = "too_short"
SILENT = "silent"
NO_SPEECH = "no_speech"
NO_PAUSES = "no_pauses"
NO_SCRIPT = "no_script"
NO_REFERENCE = "no_reference"
NO_STAGE_A = "no_stage_a"


class Undefined(Exception):
    """A metric that is not defined for a signal; the message is the reason, shown to users.

    This is not an error: the suite turns it into a null score with that reason.
    """
