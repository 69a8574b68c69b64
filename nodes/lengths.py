"""What to do when film and speech differ in length, as every lip-sync node offers it."""
from __future__ import annotations

LENGTHS = ("bounce", "loop", "hold", "cut off", "silence", "remap")
LENGTHS_TOOLTIP = ("When film and speech differ in length. A longer film is cut, but 'silence' keeps it whole and lets its end be silent. "
                   "A shorter one: 'bounce' plays to and fro, 'loop' begins again, 'hold' stays on its last picture, 'cut off' ends the "
                   "speech with the film, 'remap' stretches the film evenly.")
