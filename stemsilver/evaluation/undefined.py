"""The one way a metric says that it has no value here."""

from __future__ import annotations

TOO_SHORT = "too_short"
SILENT = "silent"
NO_SPEECH = "no_speech"
NO_PAUSES = "no_pauses"
NO_SCRIPT = "no_script"
NO_REFERENCE = "no_reference"
NO_STAGE_A = "no_stage_a"


class Undefined(Exception):
    """A metric is not defined for this signal; the message is the reason, fit for a reader.

    Never an error: the suite turns it into a null score with that reason.
    """
