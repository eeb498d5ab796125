"""What agents have said is read once."""

import attrs

from agentls.hook import main as hook

AGENT = """
[agents.teller]
bin = "/bin/sh"
start = ["-c", "exec sleep 100000"]
done = "event"
[[agents.teller.events]]
when = { type = "done" }
status = "done"
"""


async def test_records_that_were_heard_are_not_read_again(daemon, paths):
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "config.toml").write_text(AGENT)
    task = await daemon.create("x", agent="teller")
    core = daemon.core
    session = core.book.sessions(task.id)[-1]
    config = await core.trusting.config_at_start()
    events = paths.state / "events" / session.id
    environ = {"AGENTLS_EVENTS": str(events)}

    hook(["one", '{"type": "busy"}'], environ=environ)
    heard = await core.agency.heard(task, session, config)
    assert (heard.count, heard.said) == (1, None)

    begun = events.read_bytes()
    events.write_bytes(b"#" * (len(begun) - 1) + b"\n")  # none, if it were read again
    hook(["two", '{"type": "done"}'], environ=environ)
    with events.open("ab") as file:
        file.write(b'{"time": 1, "ev')  # still being written
    heard = await core.agency.heard(task, attrs.evolve(session, heard=1), config)
    assert heard.count == 2
    assert heard.said is not None

    # Nobody took that up: then all is read.
    events.write_bytes(begun + events.read_bytes()[len(begun) :])
    heard = await core.agency.heard(task, attrs.evolve(session, heard=0), config)
    assert heard.count == 2
    await daemon.core.discarding.discard(task.id)
