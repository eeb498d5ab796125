"""The exit statuses of the command line: what a script may rely on."""

import enum

from agentls.errors import AgentlsError, Internal

__all__ = [
    "EPILOGUE",
    "DaemonUnreachable",
    "Status",
    "TaskFailed",
    "TimedOut",
    "status_of",
]


class Status(enum.IntEnum):
    """What a command's exit says."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    CONFLICT = 3
    UNTRUSTED = 4
    NO_AGENT = 5
    NO_TASK = 6
    NO_DAEMON = 7
    TASK_FAILED = 8
    TIMED_OUT = 124
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EPILOGUE = """\
\b
Exit statuses:
  0    done
  1    refused or failed; the message says why and what to do
  2    wrong usage
  3    merge conflict; nothing was changed
  4    the repository would run something that isn't trusted yet
  5    the agent is unknown or isn't installed
  6    no such task
  7    the daemon can't be reached, or went before it answered
  8    a task failed, was interrupted or discarded (run, wait)
  124  the time to wait was over (wait)
  130  interrupted with Ctrl-C

Errors go to standard error; with --json as {"error": {"kind", "message", "hint"}}.
"""


class DaemonUnreachable(Internal):
    """The daemon can't be reached or started."""


class TaskFailed(Internal):
    """The task that was waited for came to no good end."""


class TimedOut(Internal):
    """What was waited for didn't come in the time that was given."""


_BY_KIND = {
    "conflict": Status.CONFLICT,
    "untrusted": Status.UNTRUSTED,
    "agentMissing": Status.NO_AGENT,
    "unknownAgent": Status.NO_AGENT,
    "unknownTask": Status.NO_TASK,
    "daemonRestarted": Status.NO_DAEMON,
}


def status_of(error: AgentlsError) -> Status:
    """Give the exit status for an error."""
    if isinstance(error, DaemonUnreachable):
        return Status.NO_DAEMON
    if isinstance(error, TaskFailed):
        return Status.TASK_FAILED
    if isinstance(error, TimedOut):
        return Status.TIMED_OUT
    return _BY_KIND.get(error.kind, Status.REFUSED)
