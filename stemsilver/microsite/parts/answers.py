"""What the measurements of a render answer: whether the music is gone, the speech is intact and
the level is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stemsilver.config.languages import UNSPACED
from stemsilver.evaluation.artefacts.places import HEARD_DB
from stemsilver.evaluation.words.scores import RAW_TO_CLEAN, SCRIPT_TO_CLEAN
from stemsilver.microsite.parts.metric_cells import Measurement
from stemsilver.microsite.parts.transcript import counted_words, script_changes
from stemsilver.records import Alignment
from stemsilver.report import ScoredRender, format_value
from stemsilver.report.text.wording import clock, counted, number, setting
from stemsilver.translation import gettext as _
from stemsilver.translation import ngettext, shown

_MUSIC = frozenset(
    {
        "music_presence",
        "music_share",
        "pause_floor_db",
        "music_to_speech_db",
        "dnsmos_bak",
        "si_sdr_db",
        "si_sdr_improvement_db",
    }
)
_LEVEL = frozenset({"lufs", "true_peak_dbtp", "loudness_range_lu"})
_LITTLE, _MUCH = 0.05, 0.5
"""Shares of the time up to which music is little, and from which it is much."""
_FEW = 0.25
"""The share of the words up to which few of them changed."""
_NAMED = 3
"""So many words that were lost are named."""


@dataclass(frozen=True)
class Answer:
    """The first word of an answer, what is known, and whether that is as it should be."""

    opening: str
    facts: Sequence[str]
    good: bool = True


@dataclass(frozen=True)
class Question:
    """A question about a render: its answer in a sentence, and the measurements behind it.

    `judged` tells whether the verdict of the gates is shown. It is not if they pass although the
    answer is not yes. `passed` is what the gates say together: None if none could be measured.
    """

    anchor: str
    heading: str
    answer: str
    judged: bool
    passed: bool | None
    measured: tuple[Measurement, ...]
    unmeasured: tuple[Measurement, ...]

    @property
    def counts(self) -> str:
        """How many measurements there are, in words."""
        said = counted(len(self.measured), "measurement")
        if not self.unmeasured:
            return said
        return _("{measurements}, {count} not measured").format(
            measurements=said, count=len(self.unmeasured)
        )


def gates_first_failed(found: Mapping[str, Measurement]) -> tuple[Measurement, ...]:
    """Return the measurements that have a gate: failed ones, then those without value, then the
    others.
    """
    order = {False: 0, None: 1, True: 2}
    judged = [(one.verdict.passed, one) for one in found.values() if one.verdict is not None]
    return tuple(pair[1] for pair in sorted(judged, key=lambda pair: order[pair[0]]))


def verdict_line(item: ScoredRender, gated: Sequence[Measurement]) -> str:
    """Return what the gates say of a render, in a sentence."""
    if item.lacks == "speech":
        return _("The gates are for speech, so none applies.")
    failed = _faults(gated)
    if failed:
        return _("Outside {count} of {limits}: {faults}.").format(
            count=len(failed), limits=counted(len(gated), "limit"), faults="; ".join(failed)
        )
    passed = sum(one.verdict is not None and one.verdict.passed is True for one in gated)
    missing = len(gated) - passed
    if not passed:
        return _("No gate could be measured.") if gated else _("The profile sets no gate.")
    if not missing:
        return _("Within every limit.")
    return _("Within {count} of {limits}; {missing} could not be measured.").format(
        count=passed, limits=counted(len(gated), "limit"), missing=missing
    )


def questions(
    item: ScoredRender, found: Mapping[str, Measurement], alignments: Sequence[Alignment]
) -> tuple[Question, ...]:
    """Return the three questions of a cleaned render, with every measurement in one of them.

    Args:
        item: The render.
        found: What was measured on it, by the anchor of its family.
        alignments: Its words.
    """
    groups: dict[str, list[Measurement]] = {"music": [], "speech": [], "level": []}
    for anchor, one in found.items():
        # Whatever is neither about the music nor about the level is about the speech.
        name = "music" if anchor in _MUSIC else "level" if anchor in _LEVEL else "speech"
        groups[name].append(one)
    answers = {
        "music": (_("Is the music gone?"), _music(item)),
        "speech": (_("Is the speech intact?"), _speech(item, alignments)),
        "level": (_("Is the level right?"), _level(item)),
    }
    return tuple(
        _question(f"question-{name}", heading, said, groups[name])
        for name, (heading, said) in answers.items()
    )


def _question(anchor: str, heading: str, said: Answer, group: Sequence[Measurement]) -> Question:
    gates = [one.verdict.passed for one in group if one.verdict is not None]
    failed = _faults(group)
    passed = False if failed else True if True in gates else None
    opening, facts = said.opening, said.facts
    if failed:
        opening, facts = _("Not within its limits"), [*failed, *facts]
    elif passed and not said.good:
        facts = [*facts, _("it is within its limits all the same")]
    text = "; ".join(facts)
    if not text:
        reasons = dict.fromkeys(reason for one in group for reason in one.reasons)
        reason = shown(next(iter(reasons), "")) or _("no metric applies")
        text = _("This could not be measured: {reason}").format(reason=reason)
    elif opening:
        text = f"{opening}: {text}"
    return Question(
        anchor=anchor,
        heading=heading,
        answer=f"{text[:1].upper()}{text[1:]}.",
        judged=bool(gates) and (said.good or passed is not True),
        passed=passed,
        measured=tuple(one for one in group if one.measured),
        unmeasured=tuple(one for one in group if not one.measured),
    )


def _faults(group: Sequence[Measurement]) -> list[str]:
    return [
        _("{label} {value}, limit {limit}").format(
            label=one.verdict.label, value=one.judged, limit=one.verdict.limit
        )
        for one in group
        if one.verdict is not None and one.verdict.passed is False
    ]


def _music(item: ScoredRender) -> Answer:
    if item.lacks == "music":
        return Answer("", [_("there was none to remove, so only the level was changed")])
    raw, clean = (item.scores[f"{one}_music_share"].value for one in ("raw", "clean"))
    below = item.scores["music_to_speech_db"].value
    facts = []
    opening = _("Yes")
    failed = any(
        one.metric == "music_to_speech_db" and one.passed is False for one in item.verdicts
    )
    if raw is not None and clean is not None:
        before, after = _share(raw), _share(clean)
        if clean:
            opening = (
                _("Almost")
                if clean <= _LITTLE
                else _("Hardly")
                if clean > _MUCH
                else _("Not everywhere")
            )
            text = _("music is heard {before} of the time in raw, and {after} in clean")
            facts.append(text.format(before=before, after=after))
        elif raw:
            text = _("music is heard {before} of the time in raw, and nowhere in clean")
            facts.append(text.format(before=before))
        else:
            facts.append(_("no music is heard in raw or in clean"))
        if failed and clean <= _LITTLE:
            facts.append(_("what is left is an estimate, and may be too faint to hear"))
    elif below is not None and not failed:
        level = format_value("music_to_speech_db", abs(below))
        text = (
            _("what is left of the music is {level} dB below the speech")
            if below <= 0
            else _("what is left of the music is {level} dB above the speech")
        )
        facts.append(text.format(level=level))
    floors = [item.scores[f"{one}_pause_floor_db"].value for one in ("raw", "clean")]
    if floors[0] is not None and floors[1] is not None and abs(floors[0] - floors[1]) >= 1:
        fall = floors[0] - floors[1]
        text = (
            _("pauses are {change} dB quieter") if fall > 0 else _("pauses are {change} dB louder")
        )
        facts.append(text.format(change=number(abs(fall), 0)))
    return Answer(opening, facts, good=clean is None or clean <= _LITTLE)


def _share(value: float) -> str:
    # Of a large share, tenths of a percent say nothing.
    return (
        f"{number(100 * value, 0)} %" if value >= 0.1 else format_value("clean_music_share", value)
    )


def _speech(item: ScoredRender, alignments: Sequence[Alignment]) -> Answer:
    if item.lacks == "speech":
        return Answer("", [_("no speech was found in this render")])
    if item.lacks == "music":
        return Answer(_("Yes"), [_("only the level was changed")])
    opening, facts, good = _words(alignments, letters=item.language in UNSPACED)
    if item.artefacts:
        worst = max(item.artefacts, key=lambda one: one.departure_db)
        facts.append(_("clean departs most from raw at {time}").format(time=clock(worst.start)))
    elif item.scores["artefact_db"].value is not None:
        text = _("nowhere does clean depart from raw by {limit} dB or more")
        facts.append(text.format(limit=setting(HEARD_DB)))
    return Answer(opening, facts, good)


def _words(alignments: Sequence[Alignment], *, letters: bool) -> tuple[str, list[str], bool]:
    """Return the first word of the answer, what is known of the words, and whether that is good.

    Some words that changed are corrections, so the script decides where there is one. Without any
    words, nobody can tell.
    """
    named = {one.name: one for one in alignments}
    script = script_changes(alignments)
    heard = named.get(RAW_TO_CLEAN)
    if script:
        changed, spoken = len(script["lost"]), named[SCRIPT_TO_CLEAN].reference_words
        lost = ngettext(
            "{words} of the script was lost", "{words} of the script were lost", changed
        ).format(words=counted_words(changed, letters=letters))
        if 0 < changed <= _NAMED:
            lost += f" ({', '.join(word.before for word in script['lost'])})"
        word, letter = _("no word of the script was lost"), _("no letter of the script was lost")
        facts = [lost if changed else letter if letters else word]
        if gained := len(script["recovered"]):
            text = ngettext("{words} is clearer", "{words} are clearer", gained)
            facts.append(text.format(words=counted_words(gained, letters=letters)))
    elif heard is not None and heard.reference_words:
        changed = heard.substitutions + heard.deletions + heard.insertions
        spoken = heard.reference_words
        share = counted_words(changed, letters=letters)
        if changed <= spoken:
            words = counted_words(spoken, letters=letters)
            share = _("{count} of {words}").format(count=changed, words=words)
        otherwise = ngettext(
            "{words} is heard otherwise than in raw",
            "{words} are heard otherwise than in raw",
            changed,
        ).format(words=share)
        word, letter = _("every word is heard as in raw"), _("every letter is heard as in raw")
        facts = [otherwise if changed else letter if letters else word]
    else:
        return "", [], True
    few = changed <= _FEW * spoken
    return _("Yes") if not changed else _("Mostly") if few else _("In part"), facts, few


def _level(item: ScoredRender) -> Answer:
    facts = []
    for name, said, unit in (
        ("clean_lufs", _("loudness"), "LUFS"),
        ("clean_true_peak_dbtp", _("highest peak"), "dBTP"),
    ):
        value = item.scores[name].value
        if value is not None:
            facts.append(f"{said} {format_value(name, value)} {unit}")
    said = ", ".join(facts)
    if said and item.lacks == "music":
        said += "; " + _("without music there is no limiter, so the peaks may keep it quieter")
    return Answer("" if item.lacks == "speech" else _("Yes"), [said] if said else [])
