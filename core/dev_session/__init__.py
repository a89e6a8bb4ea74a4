"""A dev session: each save runs the parser on its samples, in children that can be killed."""

from casparian.core.dev_session.request import SessionRequest
from casparian.core.dev_session.results import OutputFiles, RunResult
from casparian.core.dev_session.session import DevSession

__all__ = ["DevSession", "OutputFiles", "RunResult", "SessionRequest"]
