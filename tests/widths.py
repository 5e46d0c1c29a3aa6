"""How wide the screens are on which a flow is gone through.

Each way takes its quarter of a minute, and CI has 25 minutes: there a flow is gone through on a telephone, where less
fits. `WIDTHS=all` goes through it at a desk too; other flows are gone through at a desk alone.
"""

import os

WIDTHS = (1280, 360) if os.environ.get("WIDTHS") == "all" else (360,)
