"""Putting something else in the place of a function of the product, wherever it was imported to."""

import sys
from collections.abc import Callable
from typing import Any


def replace_function(module_name: str, name: str, make: Callable[[Any], Any]) -> None:
    """Let `make(original)` stand for a function or a method (`Class.method`) in all modules that are loaded."""
    owner: Any = sys.modules[module_name]
    *classes, last = name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    original = getattr(owner, last)
    made = make(original)
    setattr(owner, last, made)
    if not classes:
        for module in [module for title, module in sys.modules.items() if title.startswith(("backend.", "channels."))]:
            for key, value in list(vars(module).items()):
                if value is original:
                    setattr(module, key, made)
