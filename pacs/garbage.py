"""What the garbage collector goes through, and how often."""

import gc


def set_apart() -> None:
    """Take all that was loaded until now out of the collector's rounds: it stays as long as the process does.

    A full round is due when a quarter of what there is has been added: beside all the modules, that is what hundreds of
    associations leave behind. Without them it comes soon and takes little time.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # which counts anew what there is
