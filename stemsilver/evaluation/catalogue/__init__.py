"""Every metric Stemsilver reports: its name, unit, direction, formula, sources and limits.

One table, read by the report, the site's Method page and the scorecard's column headings, so
that a metric is described in one place. A metric that is measured on both signals appears twice,
as `raw_…` and `clean_…`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stemsilver.evaluation import citations as sources
from stemsilver.evaluation.catalogue.metric import Metric
from stemsilver.evaluation.catalogue.voice import VOICE
from stemsilver.evaluation.catalogue.words import SCRIPT_WER, WORDS

__all__ = ["METRICS", "Metric", "metrics"]

_WINDOWS = (
    "is the network's {score} output for window $k$ of 9.01 s, one window every few seconds as the "
    "profile sets, and $q$ is the calibration published with the network. Sound shorter than a "
    "window is repeated to fill it."
)
_SI_SDR = (
    r"10\,\log_{10}\, \frac{\left\lVert \alpha s \right\rVert^2}"
    r"{\left\lVert x - \alpha s \right\rVert^2}, \quad"
    r" \alpha = \frac{\left\langle x, s \right\rangle}{\left\lVert s \right\rVert^2}"
)
_MONO = "both in one channel and with their mean subtracted"
_TRUTH = "Needs the true speech beside the render."

_PER_SIGNAL = (
    Metric(
        "lufs",
        "Integrated loudness",
        "LUFS",
        "target",
        1,
        0.05,
        "How loud the whole file is, as broadcasters measure it.",
        r"\begin{split} {-0.691} + 10\,\log_{10} \sum_c \frac{G_c}{|J|} \sum_{j \in J} z_{cj} \\"
        r" J = \{\, j \mid l_j > {-70}, \; l_j > \Gamma - 10 \,\} \end{split}",
        "$z_{cj}$ is the mean square of channel $c$ after K-weighting, in block $j$ of 400 ms, one "
        "every 100 ms; $G_c$ is 1.41 for surround channels and 1 for others, and a low-frequency "
        r"channel is left out. $l_j$ is the loudness of block $j$ alone, and $\Gamma$ that of all "
        r"blocks with $l_j \geq {-70}$ together.",
        (sources.BS_1770, sources.R_128),
        "Whether the loudness is speech or music: raw with loud music has a high value, even if "
        "the voice is soft.",
    ),
    Metric(
        "true_peak_dbtp",
        "True peak",
        "dBTP",
        "none",
        2,
        0.005,
        "The highest level the signal reaches between its samples.",
        r"20\,\log_{10} \max_{c,n} \left| \hat{x}_c[n] \right|",
        r"$\hat{x}_c$ is channel $c$ resampled to four times its rate; full scale is 1.",
        (sources.BS_1770,),
        "Whether anything is distorted: it is one moment of the file. With four-fold resampling "
        "it can be about 0.1 dB too low on speech, and more on sound with much treble.",
    ),
    Metric(
        "loudness_range_lu",
        "Loudness range",
        "LU",
        "none",
        1,
        0.05,
        "How much the loudness varies within the file.",
        r"\begin{split} P_{95}(A) - P_{10}(A) \\"
        r" A = \{\, l_j \mid l_j \geq {-70}, \; l_j \geq \Gamma - 20 \,\} \end{split}",
        "$P_p$ is the $p$-th percentile; $l_j$ is the loudness, without gates, of window $j$ of "
        r"3 s, one every 90 ms, over the file and 1.5 s of silence after it; $\Gamma$ is the "
        r"loudness that the mean power of all windows with $l_j \geq {-70}$ would have.",
        (sources.TECH_3342,),
        "Whether the variation is wanted: lively acting raises it, and so does removing the music "
        "from the pauses. Meant for programmes of a minute or more; inaccurate on short files.",
    ),
    Metric(
        "music_presence",
        "Music presence",
        "probability",
        "lower",
        3,
        0.0005,
        "How sure an audio-event detector is, on average, that music is playing.",
        r"\frac{1}{T} \sum_{t=1}^{T} p_t",
        "$p_t$ is the detector's probability of music in frame $t$ of 10 ms, and $T$ the number "
        "of frames; it hears one channel at 16 kHz.",
        (sources.FIRERED_VAD,),
        "How loud the music is: it is a probability, not a level. Faint music under speech can "
        "be missed, and a choir may count as singing instead of music.",
    ),
    Metric(
        "music_share",
        "Music, share of time",
        "fraction",
        "lower",
        3,
        0.0005,
        "How much of the time music is found; the page of a render lists the stretches.",
        r"\frac{1}{L} \sum_{i} (b_i - a_i)",
        "$L$ is the length, and stretch $i$ of music lasts from $a_i$ to $b_i$: the probability of "
        "music reaches the profile's value `enter` in it, and is never below `leave`. Short gaps "
        "are closed, and short stretches do not count.",
        (sources.OWN, sources.FIRERED_VAD),
        "How loud the music is. Its beginning and end are found to about 0.3 s. Faint music under "
        "speech can be missed.",
    ),
    Metric(
        "pause_floor_db",
        "Pause floor",
        "dB",
        "lower",
        1,
        0.05,
        "How loud the pauses are, relative to the speech: what is left when nobody speaks.",
        r"10\,\log_{10}\,"
        r" \frac{\frac{1}{|Q|} \sum_{t \in Q} e_t}{\frac{1}{|S|} \sum_{t \in S} e_t}",
        "$e_t$ is the mean square of frame $t$ of 10 ms, in one channel at 16 kHz; $S$ "
        "are the frames that the detector takes for speech, $Q$ all others. Never below −120 dB.",
        (sources.OWN, sources.FIRERED_VAD),
        "What is in the pauses, because room tone and breaths count like music, and what plays "
        "under the words: muting only the pauses would give a good value.",
    ),
    Metric(
        "dnsmos_sig",
        "DNSMOS speech",
        "MOS 1–5",
        "higher",
        2,
        0.005,
        "A listener model's opinion of the speech itself.",
        r"\begin{split} \frac{1}{K} \sum_{k=1}^{K} q(r_k) \\"
        r" q(r) = {-0.08397278}\,r^2 \\ \quad {} + 1.22083953\,r + 0.0052439 \end{split}",
        f"$r_k$ {_WINDOWS.format(score='SIG')}",
        (sources.DNSMOS,),
        "Whether people would agree: it was trained on ratings of noise-suppressed calls, not of "
        "music removal, and hears nothing above 8 kHz. Small differences between two files mean "
        "little.",
    ),
    Metric(
        "dnsmos_bak",
        "DNSMOS background",
        "MOS 1–5",
        "higher",
        2,
        0.005,
        "A listener model's opinion of how unobtrusive the background is.",
        r"\begin{split} \frac{1}{K} \sum_{k=1}^{K} q(r_k) \\"
        r" q(r) = {-0.13166888}\,r^2 \\ \quad {} + 1.60915514\,r - 0.39604546 \end{split}",
        f"$r_k$ {_WINDOWS.format(score='BAK')}",
        (sources.DNSMOS,),
        "Whether the background is music, noise or room. It was trained on ratings of "
        "noise-suppressed calls, not of music removal, and hears nothing above 8 kHz.",
    ),
    Metric(
        "dnsmos_ovrl",
        "DNSMOS overall",
        "MOS 1–5",
        "higher",
        2,
        0.005,
        "A listener model's opinion of the whole.",
        r"\begin{split} \frac{1}{K} \sum_{k=1}^{K} q(r_k) \\"
        r" q(r) = {-0.06766283}\,r^2 \\ \quad {} + 1.11546468\,r + 0.04602535 \end{split}",
        f"$r_k$ {_WINDOWS.format(score='OVRL')}",
        (sources.DNSMOS,),
        "Whether voice or background decided the score. It was trained on ratings of "
        "noise-suppressed calls, not of music removal, and hears nothing above 8 kHz.",
    ),
    SCRIPT_WER,
    Metric(
        "si_sdr_db",
        "SI-SDR against the truth",
        "dB",
        "higher",
        2,
        0.005,
        "How close the signal is to the true speech, regardless of level.",
        _SI_SDR,
        f"$x$ is the signal and $s$ the true speech, {_MONO}. A constant lag of up to half a "
        "second between the two is removed first.",
        (sources.SI_SDR,),
        f"Whether a deviation can be heard: an equaliser or a limiter counts like music. {_TRUTH}",
    ),
    Metric(
        "estoi",
        "ESTOI against the truth",
        "0–1",
        "higher",
        3,
        0.0005,
        "How intelligible the speech is, compared with the true speech.",
        r"\frac{1}{30\,M} \sum_{m=1}^{M} \sum_{n=1}^{30}"
        r" \left\langle \hat{x}_{mn}, \hat{s}_{mn} \right\rangle",
        r"$\hat{x}_{mn}$ and $\hat{s}_{mn}$ are frame $n$ of segment $m$ of the signal and of the "
        "true speech, in one channel and without a constant lag: 15 third-octave bands, in "
        "segments of 30 frames (384 ms), one starting at every frame. First each band of a "
        "segment, then each of its frames, has its mean subtracted and is scaled to length 1. "
        "Frames 40 dB or more below the loudest frame of the truth are left out.",
        (sources.ESTOI,),
        f"Whether the voice sounds natural, and anything above 4.3 kHz. {_TRUTH}",
    ),
)

_OF_THE_CLEANING = (
    Metric(
        "si_sdr_improvement_db",
        "SI-SDR improvement",
        "dB",
        "higher",
        2,
        0.005,
        "How much closer to the true speech the cleaning brought the signal.",
        r"\text{SI-SDR}(x_{\text{clean}}, s) - \text{SI-SDR}(x_{\text{raw}}, s)",
        "SI-SDR is the one against the truth, and $s$ is the true speech.",
        (sources.SI_SDR,),
        "Whether the gain can be heard. If there was hardly any music, there is nothing to gain, "
        f"and any processing lowers it. {_TRUTH}",
    ),
    Metric(
        "estoi_improvement",
        "ESTOI improvement",
        "0–1",
        "higher",
        3,
        0.0005,
        "How much intelligibility the cleaning gained.",
        r"\text{ESTOI}(x_{\text{clean}}, s) - \text{ESTOI}(x_{\text{raw}}, s)",
        "ESTOI is the one against the truth, and $s$ is the true speech.",
        (sources.ESTOI,),
        "Whether a listener needed the gain: speech that was clear in spite of the music has "
        f"little to gain. {_TRUTH}",
    ),
    Metric(
        "music_to_speech_db",
        "Music to speech",
        "dB",
        "lower",
        1,
        0.05,
        "A proxy for the music left in the output, from the separators' own estimates.",
        r"\begin{split} 10\,\log_{10}\, \frac{\sum_{c,f,t} (M \left| C \right|)^2}"
        r"{\sum_{c,f,t} \left| C \right|^2} \\"
        r" M = \frac{\left| R \right|}{\left| R \right| + \left| V \right|} \end{split}",
        "$C$, $R$ and $V$ are the spectrograms of the output, of the residual and of the Stage A "
        "vocals, over channels $c$, frequencies $f$ and times $t$, with windows of 93 ms every "
        "23 ms; $M$ is 0 where both estimates are 0. Never below −120 dB.",
        (sources.OWN,),
        "What the separators got wrong: music they took for speech is not seen, and speech they "
        "took for music counts as music.",
    ),
    Metric(
        "stoi_vs_stage_a",
        "STOI against Stage A",
        "0–1",
        "higher",
        3,
        0.0005,
        "Whether the later steps kept the intelligibility of the separated vocals.",
        r"\begin{split} \frac{1}{15\,M} \sum_{b=1}^{15} \sum_{m=1}^{M} \rho(s_{bm}, y_{bm}) \\"
        r" y_{bm} = \min\Bigl( \frac{\left\lVert s_{bm} \right\rVert}"
        r"{\left\lVert x_{bm} \right\rVert}\, x_{bm}, \; a\,s_{bm} \Bigr) \end{split}",
        "$x_{bm}$ and $s_{bm}$ are the 30 magnitudes (384 ms) of third-octave band $b$ in segment "
        "$m$ of the output and of the Stage A vocals, in one channel, a segment starting "
        r"at every frame; $\rho$ is the correlation, and $a = 1 + 10^{15/20}$. Frames 40 dB or "
        "more below the loudest frame of the vocals are left out.",
        (sources.STOI,),
        "Damage done in Stage A itself, which is the reference here, and anything above 4.3 kHz.",
    ),
    Metric(
        "si_sdr_vs_stage_a_db",
        "SI-SDR against Stage A",
        "dB",
        "higher",
        2,
        0.005,
        "How much the later steps changed the separated vocals, regardless of level.",
        _SI_SDR,
        f"$x$ is the output and $s$ the Stage A vocals, {_MONO}.",
        (sources.SI_SDR,),
        "Whether a change was an improvement: later removal of music, the equaliser and the "
        "limiter lower it just as damage does.",
    ),
    Metric(
        "artefact_db",
        "Artefacts in the speech",
        "dB",
        "lower",
        1,
        0.05,
        "How far the spectrum of the speech departs from raw in the worst twentieth of the speech.",
        r"\begin{split} P_{95}(D_t), \quad D_t^2 = \frac{1}{10} \sum_{u=t-5}^{t+4} d_u^2 \\"
        r" d_u^2 = \frac{\sum_{k \in S_u} w_k \left( 10\,\log_{10} \left| C_{ku} / X_{ku} \right|^2"
        r" - g \right)^2}{\sum_{k \in S_u} w_k} \end{split}",
        "$C$ and $X$ are the spectrograms of clean and raw, in one channel from 100 Hz to 8 kHz, "
        "with windows of 40 ms every 20 ms. $S_u$ are the bins of window $u$ that are speech: the "
        "Stage A vocals are at least 10 dB above the residual, and at most 25 dB below the loudest "
        "bin of the window. $w_k$ is one over the bandwidth of hearing at bin $k$; $g$ is the "
        "median change over the windows, so that the level does not count. A bin that lost more "
        "than 40 dB counts as 40 dB. $P_{95}$ is the 95th percentile over the windows of speech: "
        "those in which a detector finds speech in raw or clean, with a tenth of the weight or "
        "more in $S_u$, and at most 20 dB below the loud ones.",
        (sources.LSD, sources.ERB, sources.OWN),
        "Whether a change is damage: music that Stage A took for speech counts if a later step "
        "removed it. Damage done in Stage A itself is hardly seen, nor is music that was added "
        "between the words. Listen to the places that the page of a render names.",
    ),
)


def metrics() -> Iterator[Metric]:
    """Yield every metric in the order of the scorecard's columns: raw and clean side by side.

    >>> [metric.name for metric in metrics()][:2]
    ['raw_lufs', 'clean_lufs']
    """
    for metric in _PER_SIGNAL:
        for signal in ("raw", "clean"):
            label = f"{metric.label}, {signal}"
            yield replace(metric, name=f"{signal}_{metric.name}", label=label)
    yield from (*_OF_THE_CLEANING, *WORDS, *VOICE)


METRICS: dict[str, Metric] = {metric.name: metric for metric in metrics()}
"""Every metric by its name, in column order."""
