"""`agentls peek`: the screen as a person would read it."""

from typing import Any


def test_the_screen_is_shown_and_not_what_led_to_it(user: Any):
    task = user.task(
        r"printf '\033]2;its title\007gone\033[2J\033[3;1H\033[1mbold\033[m\n\nend'"
    )
    assert user.call("peek", task) == "bold\n\nend\n"
    answer = user.json("peek", task)
    assert answer["title"] == "its title"
    assert answer["lines"][:5] == ["", "", "bold", "", "end"]


def test_an_empty_screen_prints_nothing(user: Any):
    assert user.call("peek", user.task("true")) == ""


def test_a_living_session_is_read_as_it_is_now(user: Any):
    task = user.begin("printf ready; while :; do sleep 0.05; done")
    follow = user.popen("logs", "-f", task)
    assert follow.stdout.read(5) == b"ready"
    follow.kill()
    follow.communicate()
    assert user.call("peek", task) == "ready\n"
    user.call("stop", task)
