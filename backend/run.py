"""Serve everything until Ctrl-C (what `make run` does): `python -m backend.run --model FILE`.

Apart from the other commands (`python -m backend …`), which load all that they may need.
"""

import argparse
import asyncio
import os
from pathlib import Path

from backend.supervisor import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.run", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the trained model")
    raise SystemExit(asyncio.run(serve(os.environ, parser.parse_args().model)))


if __name__ == "__main__":
    main()
