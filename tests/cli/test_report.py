"""`agentls report`: what became of tasks, as a page and as figures."""

import json
import os
from pathlib import Path

import pytest


def test_a_page_is_made_of_what_became_of_the_tasks(user):
    task = user.task("echo work > work.txt", "--title", "<b>Bold</b>")
    user.call("diff", task)
    user.call("merge", task)
    made = Path(user.call("report").strip())
    assert made.is_relative_to(user.folder / "state")
    assert made.stat().st_mode & 0o077 == 0
    html = made.read_text()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in html
    assert f"{task} · shell · <span" in html
    assert user.call("report", "-o", "page.html") == "page.html\n"
    assert (user.repository / "page.html").read_text() == html
    assert user.call("report", "-o", "-").startswith("<!DOCTYPE html>")


@pytest.mark.full
def test_json_is_the_history(user):
    task = user.task("echo work > work.txt")
    user.call("diff", task)
    user.call("merge", task)
    (told,) = user.json("report")["tasks"]
    states = [one["state"] for one in told["intervals"]]
    assert states == ["queued", "preparing", "working", "review", "merged"]
    assert [("opened" in one) for one in told["intervals"]] == [
        *(False, False, False, True, False)
    ]
    assert (told["added"], told["usage"]["turns"], len(told["turns"])) == (1, 1, 1)
    assert user.json("report", "--day", "yesterday")["tasks"] == []


@pytest.mark.full
def test_the_report_of_another_repository_has_none_of_it(user):
    user.task("true")
    other = user.make_repository("other")
    assert user.json("report", "--repo", str(other))["tasks"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--day", "31.1."), "is no day"),
        (("--day", "today", "--since", "2026-01-31"), "two ways"),
        (("--json", "-o", "x"), "makes no page"),
    ],
)
def test_what_can_t_be_meant_is_refused(user, arguments, said):
    assert said in user.call("report", *arguments, status=2)


def test_it_is_opened_in_the_browser(user, wait_until):
    browser = user.folder / "bin" / "xdg-open"
    browser.parent.mkdir()
    seen = user.folder / "seen"
    browser.write_text(f"#!/bin/sh\necho \"$1\" > '{seen}'\n")
    browser.chmod(0o755)
    path = f"{browser.parent}:{os.environ['PATH']}"
    made = user.call("report", "--open", PATH=path)
    wait_until(lambda: seen.exists() and seen.read_text() == made)


@pytest.mark.full
def test_the_time_is_the_user_s_own(user):
    user.task("true")
    told = json.loads(
        user.call("report", "--json", "--day", "2026-01-31", TZ="Asia/Tokyo")
    )
    assert told["since"] == "2026-01-30T15:00:00+00:00"
    assert told["tasks"] == []
