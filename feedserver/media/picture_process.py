"""The process in which one picture is read: `python -m feedserver.media.picture_process TYPE FOLDER <PICTURE`.

A picture that is made to take memory, time or disk takes no more than is given to it, and harms nothing but this
process. It writes JSON: the files that `turning` has made, or why the picture is not taken.
"""

import errno
import json
import mmap
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

MOST_MEMORY: Final = 1280 << 20  # bytes of addresses; a turned WebP picture of 50 million pixels takes 1,080 million
MOST_CPU: Final = 60  # seconds
_BOUNDS: Final = {
    resource.RLIMIT_AS: MOST_MEMORY,
    resource.RLIMIT_CPU: MOST_CPU,
    resource.RLIMIT_FSIZE: 1 << 29,  # bytes of one file
    resource.RLIMIT_CORE: 0,
}
_FIRST_TO_GO: Final = "1000"  # where memory runs out


def main() -> None:
    type_, place = sys.argv[1:]
    for bound, most in _BOUNDS.items():
        resource.setrlimit(bound, (most, most))
    with suppress(OSError):  # other systems than Linux
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    sys.stdout.write(json.dumps(_made(type_, Path(place))))


def _made(type_: str, place: Path) -> Mapping[str, Any]:
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    from feedserver.media.metadata.buffers import Damaged
    from feedserver.media.turning import MOST_PIXELS, make

    try:
        with mmap.mmap(sys.stdin.fileno(), 0, prot=mmap.PROT_READ) as data:
            return {"files": [asdict(made) for made in make(data, type_, place)]}
    except (DecompressionBombError, DecompressionBombWarning):
        return {"problem": f"it has more than {MOST_PIXELS:,} pixels"}
    except MemoryError:
        return {"problem": "it takes too much memory to decode"}
    except Damaged as error:
        return {"problem": f"it is damaged: {error}"}
    except (ArithmeticError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return {"problem": "there is no space left on the disk to read it"}
        return {"problem": "it is damaged, or is no such picture"}  # what Pillow raises, and does not document


if __name__ == "__main__":
    main()
