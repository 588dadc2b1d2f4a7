"""The bare loop a farm is held against: the same takes, network, plates and encoder, in one process per core.

No Ray, no S3, no rights, no joining. As a program (`python -m bench.bare BUNDLE KEY WORKS`) it loads, warms up, prints
`ready`, waits for a line, makes its share and prints as JSON what it had made at which time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.campaign import OUTPUTS, ROOT

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


Frozen = Callable[[float, float], float]
"""Seconds between two times of the monotonic clock for which a side's processes were stopped."""


@dataclass(frozen=True)
class Side:
    """Output frames made, a second of the clock and a second of processor time."""

    frames: int
    per_second: float
    per_processor_second: float


class Look(NamedTuple):
    """Where one process of the bare loop was after a sentence: time of the monotonic clock, processor seconds, frames."""

    at: float
    processor_seconds: float
    frames: int


class BareLoop:
    """The clips of these sentences, shared out to one process per core; loaded, warm and waiting once it is made."""

    def __init__(self, bundle: Path, key: Path, words: list[str], folder: Path) -> None:
        cores = os.cpu_count() or 1
        self.processes = [
            _start(bundle, key, words[core::cores], folder / f"bare-{core}.json") for core in range(cores)
        ]
        for process in self.processes:
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                raise RuntimeError("the bare loop did not start; see its traceback above")

    def begin(self) -> None:
        """Lets every process go."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    @property
    def over(self) -> bool:
        """True when every process has ended."""
        return all(process.poll() is not None for process in self.processes)

    def side(self, frozen: Frozen) -> Side:
        """What was made. Rates are those of the time in which every core was at work: one alone is faster."""
        shares = [[Look(*look) for look in json.loads(process.communicate()[0])] for process in self.processes]
        until = min(looks[-1].at for looks in shares)
        per_second, spent, counted = 0.0, 0.0, 0
        for looks in shares:
            first, last = looks[0], max(look for look in looks if look.at <= until)
            per_second += last.frames / (last.at - first.at - frozen(first.at, last.at))
            spent += last.processor_seconds - first.processor_seconds
            counted += last.frames
        return Side(sum(looks[-1].frames for looks in shares), per_second, counted / spent)


def _start(bundle: Path, key: Path, words: list[str], works: Path) -> subprocess.Popen[str]:
    works.write_text(json.dumps(words))
    argv = [sys.executable, "-m", "bench.bare", str(bundle), str(key), str(works)]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(argv, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def performer(bundle: Path, key: Path) -> Callable[[str], int]:
    """Makes the clips of a sentence with a twin that is loaded; returns how many output frames they have."""
    # Only where frames are made: others have no business with codecs and networks.
    from understudy_api.token import load_key
    from understudy_workers.media.compose import Composer
    from understudy_workers.models import bundle as bundles
    from understudy_workers.models.voice import EspeakVoice
    from understudy_workers.stages.animate import animate
    from understudy_workers.stages.encode import encode
    from understudy_workers.stages.speak import speak

    manifest, _ = bundles.verify(bundle, load_key(key.read_text()))
    face = bundles.load(bundle, load_key(key.read_text()))
    given = manifest.inputs
    voice = EspeakVoice(given["voice_variant"], int(given["voice_pitch"]), int(given["voice_rate_wpm"]))
    composers = [Composer(face.plates, face.mouth, output.width, output.height) for output in OUTPUTS]

    def perform(words: str) -> int:
        performance: Any = animate(face, speak(voice, words, "en-GB"))
        return sum(encode(composer, performance)[0].frames for composer in composers)

    return perform


def main(bundle: Path, key: Path, works: Path) -> None:
    """One core's share."""
    perform = performer(bundle, key)
    texts = json.loads(works.read_text())
    perform(texts[0])
    print("ready", flush=True)
    sys.stdin.readline()
    frames, looks = 0, [Look(time.monotonic(), time.process_time(), 0)]
    for text in texts:
        frames += perform(text)
        looks.append(Look(time.monotonic(), time.process_time(), frames))
    print(json.dumps(looks), flush=True)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
