"""What an app that only looks at the store answers to whoever would change it."""

from __future__ import annotations

from typing import Final

READ_ONLY: Final = "it only looks: started with --read-only, or with --web and no --allow-actions"
