"""What a sound file says about its sound, carried from the input to the output.

An input gives `Metadata`: its texts (title, artist, comment, …), its cue points with their labels,
and its `bext` and `iXML` chunks. An output is a WAV file, and gets them as chunks. They come from
strangers: their sizes are checked, at most 1 MB is carried, and nothing in them is interpreted.

Sources: Microsoft, *Multimedia Programming Interface and Data Specifications 1.0* (INFO, cue,
adtl); EBU Tech 3285 (bext); C2PA specification 2.2, annex A (where a manifest is).
"""

from stemsilver.audio.metadata.collector import Collector
from stemsilver.audio.metadata.texts import texts_of
from stemsilver.audio.metadata.writing import append, signed

__all__ = ["Collector", "append", "signed", "texts_of"]
