"""What runs inside the parser's own Python: stdlib and pyarrow, under any Python from 3.10 on.

``bridge_shim.py`` is the only entry point. The other modules import each other relatively, for the
guest loads them under a private package name, so that no module of a parser is shadowed by them.
"""
