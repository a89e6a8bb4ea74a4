"""A dev session: each save runs the parser on its samples, in children that can be killed.

``session.py`` is what others use, ``request.py`` what they ask for, ``events.py`` and
``results.py`` what they are told. Nothing is imported here: a child needs other modules than the
session does.
"""
