"""Format numbers and names for readers."""

from __future__ import annotations

import re

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Score
from stemsilver.translation import N_, language, localised, ngettext
from stemsilver.translation import gettext as _

NO_VALUE = "—"
UNITS = (N_("probability"), N_("words"), N_("−1 to 1"), N_("MOS 1–5"), N_("points"))
"""The units of metrics that are words."""

# Characters that break a line, are invisible, or reverse the reading order. Lone surrogates come
# from file names that are not UTF-8, and cannot be written to a UTF-8 file.
_TREACHEROUS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Return `text` on one line, with unsafe characters as escape sequences.

    >>> visible("two\nlines"), visible("not\u200bhere")
    ('two\\nlines', 'not\\u200bhere')
    """
    return _TREACHEROUS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def number(value: float, digits: int) -> str:
    """Format `value` with `digits` decimals and a real minus sign; never a negative zero.

    >>> number(-20.04, 1), number(-0.01, 1)
    ('−20.0', '0.0')
    """
    text = f"{value:.{digits}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return localised(text.replace("-", "−"))


def setting(value: float) -> str:
    """Format a configured value with as few digits as it needs.

    >>> setting(-16.0), setting(0.707)
    ('−16', '0.707')
    """
    return localised(f"{value:g}".replace("-", "−"))


def percent(fraction: float) -> str:
    """Format a configured fraction as percent.

    >>> percent(0.07)
    '7 %'
    """
    return f"{setting(100 * fraction)} %"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural.

    >>> counted(1, "render"), counted(2, "render")
    ('1 render', '2 renders')
    """
    return f"{count} {ngettext(noun, f'{noun}s', count)}"


def language_name(code: str | None) -> str:
    """Return the name of a language by its Whisper code; the code if it has no name.

    >>> language_name("de"), language_name("jw"), language_name(None)
    ('German', 'Javanese', '—')
    """
    from babel import Locale  # imported here: slow, and only needed here

    if code is None:
        return NO_VALUE
    # Whisper calls Javanese by its former code.
    return str(Locale(language()).languages.get({"jw": "jv"}.get(code, code), code))


def clock(seconds: float) -> str:
    """Format a length in seconds as minutes and seconds.

    >>> clock(83.4), clock(3723)
    ('1:23', '1:02:03')
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def shortened(text: str, most: int) -> str:
    """Return `text` made `visible`, without its middle if it has more than `most` characters.

    >>> shortened("narration/chapter one.wav", 15)
    'narrati…one.wav'
    """
    shown = visible(text)
    if len(shown) <= most:
        return shown
    end = (most - 1) // 2
    return f"{shown[: most - 1 - end]}…{shown[len(shown) - end :]}"


def limit_text(name: str, minimum: float | None, maximum: float | None) -> str:
    """Format the limits of the metric `name`, with their unit.

    >>> limit_text("clean_lufs", -16.5, -15.5), limit_text("wer_raw_to_clean", None, 0.1)
    ('−16 ± 0.5 LUFS', '≤ 10 %')
    """
    metric = METRICS[name]
    # A scale, such as that of STOI, is not a unit.
    unit = _(metric.unit) if metric.unit in ("dB", "LUFS", "dBTP", "LU", "words") else ""

    def shown(value: float) -> str:
        return percent(value) if metric.unit == "fraction" else f"{setting(value)} {unit}".rstrip()

    if minimum is not None and maximum is not None:
        half = setting((maximum - minimum) / 2)
        return f"{setting((minimum + maximum) / 2)} ± {half} {unit}".rstrip()
    if minimum is not None:
        return f"≥ {shown(minimum)}"
    return f"≤ {shown(maximum)}" if maximum is not None else ""


def display_unit(name: str) -> str:
    """Return the unit in which `format_score` shows the metric; a fraction is shown as percent."""
    unit = METRICS[name].unit
    return "%" if unit == "fraction" else _(unit)


def metric_label(name: str) -> str:
    """Return the label of the metric `name`, without the signal that it is measured on.

    >>> metric_label("raw_pause_floor_db")
    'Pause floor'
    """
    return _(METRICS[name].label.removesuffix(", raw").removesuffix(", clean"))


def metric_heading(name: str) -> str:
    """Return a heading for values of the metric `name`: its label, and the unit they do not show.

    >>> metric_heading("clean_pause_floor_db"), metric_heading("wer_raw_to_clean")
    ('Pause floor (dB)', 'WER raw to clean')
    """
    label, unit = metric_label(name), display_unit(name)
    return label if unit == "%" else f"{label} ({unit})"


def format_value(name: str, value: float | None) -> str:
    """Format `value` with the decimals of the metric `name`; of units, only the percent sign is
    shown.

    >>> format_value("clean_lufs", -16.04), format_value("wer_raw_to_clean", 0.0526)
    ('−16.0', '5.3 %')
    """
    if value is None:
        return NO_VALUE
    text = number(*_displayed(name, value))
    return f"{text} %" if METRICS[name].unit == "fraction" else text


def format_score(name: str, score: Score) -> str:
    """Format a score of the metric `name`; "—" if it is null."""
    return format_value(name, score.value)


def with_unit(name: str, text: str, limit: str) -> str:
    """Return a formatted value with the unit that its limit is given in.

    >>> with_unit("clean_lufs", "−20.0", "−16 ± 0.5 LUFS")
    '−20.0 LUFS'
    >>> with_unit("stoi_vs_stage_a", "0.800", "≥ 0.9")
    '0.800'
    """
    # The value already has its percent sign, and some metrics have a scale instead of a unit.
    unit = display_unit(name)
    return f"{text} {unit}" if unit != "%" and limit.endswith(unit) else text


def format_delta(name: str, delta: float) -> str:
    """Format a difference of two values of the metric `name`, with its sign and its unit.

    The difference of two percentages is in percentage points, of two loudnesses in LU.

    >>> format_delta("clean_lufs", 0.44), format_delta("wer_raw_to_clean", -0.0125)
    ('+0.4 LU', '−1.2 points')
    >>> format_delta("stoi_vs_stage_a", 0.0001)
    '0.000'
    """
    return _step(name, *_displayed(name, delta))


def format_change(name: str, base: float, head: float) -> str:
    """Format the difference of two values of the metric `name` as `format_value` shows them.

    It is computed from the rounded values, so that a reader who subtracts them gets the same.

    >>> format_value("clean_lufs", -43.96), format_value("clean_lufs", -44.34)
    ('−44.0', '−44.3')
    >>> format_change("clean_lufs", -43.96, -44.34), format_delta("clean_lufs", -44.34 + 43.96)
    ('−0.3 LU', '−0.4 LU')
    """
    before, digits = _displayed(name, base)
    after, _ = _displayed(name, head)
    return _step(name, round(after, digits) - round(before, digits), digits)


def format_tolerance(name: str) -> str:
    """Format the largest difference of the metric `name` that is noise, with its unit.

    >>> format_tolerance("clean_lufs"), format_tolerance("wer_raw_to_clean")
    ('0.05 LU', '0.05 points')
    """
    metric = METRICS[name]
    shown = 100 * metric.tolerance if metric.unit == "fraction" else metric.tolerance
    return f"{setting(shown)} {_step_unit(name)}".rstrip()


def _displayed(name: str, value: float) -> tuple[float, int]:
    """Return `value` in the metric's display unit, and the number of decimals it is shown with."""
    metric = METRICS[name]
    return (100 * value, metric.digits - 2) if metric.unit == "fraction" else (value, metric.digits)


def _step(name: str, step: float, digits: int) -> str:
    """Format a difference in the metric's display unit, with its sign and its unit."""
    text = number(step, digits)
    sign = "+" if step > 0 and text.strip("0.,") else ""
    return f"{sign}{text} {_step_unit(name)}".rstrip()


def _step_unit(name: str) -> str:
    """Return the unit of a difference of two values of the metric `name`; a mere scale has none."""
    unit = METRICS[name].unit
    steps = {"LUFS": "LU", "dBTP": "dB", "fraction": "points", "dB": "dB", "LU": "LU"}
    return _(steps[unit]) if unit in steps else ""
