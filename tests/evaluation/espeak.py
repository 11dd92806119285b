"""eSpeak NG from its wheel: synthetic voices for many languages."""

from __future__ import annotations

import ctypes
from functools import cache

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from stemsilver.records import Audio

SYNCHRONOUS, CHARACTERS, UTF8, SPEED = 2, 1, 1, 1
"""Values of `speak_lib.h`."""

WORDS_A_MINUTE = 150

_HEARS = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)

SAID = {
    "de": "Willkommen im Museum. Die Führung beginnt um zehn Uhr und dauert etwa eine Stunde. "
    "Bitte bleiben Sie bei der Gruppe, und berühren Sie die Bilder nicht. Am Ende können Sie im "
    "Garten einen Kaffee trinken.",
    "fr": "Bienvenue au musée. La visite commence à dix heures et dure environ une heure. Restez "
    "avec le groupe, s'il vous plaît, et ne touchez pas les tableaux. À la fin, vous pouvez boire "
    "un café dans le jardin.",
    "es": "Bienvenidos al museo. La visita comienza a las diez y dura una hora. Por favor, "
    "quédense con el grupo y no toquen los cuadros. Al final pueden tomar un café en el jardín.",
    "ja": "びじゅつかんへようこそ。あんないはじゅうじにはじまり、やくいちじかんかかります。"
    "みなさんといっしょにあるいてください。えにはさわらないでください。"
    "さいごに、にわでコーヒーをのむことができます。",
}
"""The same sentences by language, long enough to tell it."""


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    """The library, and the rate of its sound in Hz."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data, 0)
    assert rate > 0
    library.espeak_SetParameter(SPEED, WORDS_A_MINUTE, 0)
    return library, rate


def speak(voice: str, text: str) -> Audio:
    """What a voice says, in one channel."""
    library, rate = _library()
    parts: list[NDArray[np.int16]] = []

    def hear(samples: ctypes._Pointer[ctypes.c_short], count: int, _: object) -> int:
        if samples and count:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    hears = _HEARS(hear)
    library.espeak_SetSynthCallback(hears)
    assert library.espeak_SetVoiceByName(voice.encode()) == 0
    content = text.encode()
    arguments = (ctypes.c_size_t(len(content) + 1), 0, CHARACTERS, 0, UTF8, None, None)
    assert library.espeak_Synth(content, *arguments) == 0
    return Audio(np.concatenate(parts)[np.newaxis].astype(np.float32) / 32_768, rate)
