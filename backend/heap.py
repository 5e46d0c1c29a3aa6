"""What a process holds for good, kept out of the garbage collector's rounds."""

import gc


def settle() -> None:
    """From now on the collector looks only at what is made later. To be called once, when everything is loaded.

    A full round walks through every class, statement and schema that was ever loaded, some tenths of a second in which
    the process does nothing else: nobody is answered, and 1,000 open pages wait (`benchmarks/streams.py`).
    """
    gc.collect()
    gc.freeze()
