"""``python -m casparian.app``."""

from casparian.app.cli import main

main()
