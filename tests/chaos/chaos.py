"""chaos - see run.sh."""
import os
import signal
import sys
import time

import campaign
import deaths
import journals
import ledgers
import scene
from tap import Tap

KILLS, KILLS_LONG = 63, 1000
PAUSE_S, PAUSE_LONG_S = 0.8, 0.5  # between two kills, on average


def main():
    # Whoever ends us wants no processes left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tap = Tap()
    is_long = os.environ.get("LONG") == "yes"
    seed = os.environ.get("SEED") or str(time.time_ns() % 1000000)
    tap.note(f"SEED={seed}")
    campaign.run(tap, seed, KILLS_LONG if is_long else KILLS,
                 PAUSE_LONG_S if is_long else PAUSE_S)
    for story in (*ledgers.STORIES, *deaths.STORIES, *journals.STORIES):
        scene.play(tap, story)
    return tap.finish()


sys.exit(main())
