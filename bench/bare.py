"""The bare loop a farm is held against: the same takes, network, plates and encoder, in one process per core.

No Ray, no S3, no rights, no joining. As a program (`python -m bench.bare BUNDLE KEY WORKS`) it loads, warms up, prints
`ready`, waits for a line, makes its share and prints frames and seconds as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.campaign import OUTPUTS, ROOT

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Side:
    """Output frames made, a second of the clock and a second of processor time."""

    frames: int
    per_second: float
    per_processor_second: float


def bare_side(bundle: Path, key: Path, words: list[str], folder: Path) -> Side:
    """Makes the clips of these sentences on every core at once; each core's rate is its own."""
    cores = os.cpu_count() or 1
    processes = [_start(bundle, key, words[core::cores], folder / f"bare-{core}.json") for core in range(cores)]
    for process in processes:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise RuntimeError("the bare loop did not start; see its traceback above")
    for process in processes:
        if process.stdin is not None:
            process.stdin.write("go\n")
            process.stdin.flush()
    answers = [json.loads(process.communicate()[0]) for process in processes]
    frames = sum(one["frames"] for one in answers)
    rate = sum(one["frames"] / one["seconds"] for one in answers)
    return Side(frames, rate, frames / sum(one["processor_seconds"] for one in answers))


def _start(bundle: Path, key: Path, words: list[str], works: Path) -> subprocess.Popen[str]:
    works.write_text(json.dumps(words))
    argv = [sys.executable, "-m", "bench.bare", str(bundle), str(key), str(works)]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(argv, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def main(bundle: Path, key: Path, works: Path) -> None:
    """One core's share."""
    # Only in the child: the parent has no business with codecs and networks.
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

    texts = json.loads(works.read_text())
    perform(texts[0])
    print("ready", flush=True)
    sys.stdin.readline()
    started, spent = time.perf_counter(), time.process_time()
    frames = sum(perform(text) for text in texts)
    seconds, processor_seconds = time.perf_counter() - started, time.process_time() - spent
    print(json.dumps({"frames": frames, "seconds": seconds, "processor_seconds": processor_seconds}), flush=True)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
