"""Templates: prompts of the configuration, filled in by who asks for a task."""

from collections.abc import Mapping

import attrs

from agentls.config import Config
from agentls.config.templates import Template, fill
from agentls.errors import InvalidParams
from agentls.model import AgentName
from agentls.tasks.request import TaskRequest, check_request
from agentls.trust import SCRIPT_AGENT

__all__ = ["filled", "refuse_foreign_script"]


def filled(request: TaskRequest, config: Config) -> TaskRequest:
    """Give the request with its template's text as the prompt; itself without one.

    What it says besides comes after the template's text; its own agent and title
    win. Raises `InvalidParams` for a template or field that isn't there, and for a
    field without a value.
    """
    if request.template is None:
        return request
    template = config.templates.get(request.template)
    if template is None:
        there = ", ".join(config.templates) or "none"
        raise InvalidParams(
            f"There is no template {request.template!r}; there are: {there}.",
            hint="`[templates.NAME]` in the configuration makes one.",
        )
    values = _values(request.template, template, request.fields)
    texts = (fill(template.prompt, values).rstrip(), request.prompt.strip())
    made = attrs.evolve(
        request,
        prompt="\n\n".join(filter(None, texts)),
        agent=request.agent or template.agent,
        title=request.title or (template.title and fill(template.title, values)),
        template=None,
        fields={},
    )
    check_request(made)
    return made


def refuse_foreign_script(
    name: str | None, config: Config, *, agent: AgentName
) -> None:
    """Refuse to run a repository's template as a script that wasn't trusted as one.

    One that names the agent `shell` itself was: its text is asked about.
    """
    if name is None or agent != SCRIPT_AGENT:
        return
    of_repository = any(
        document.of_repository and document.holds(("templates", name))
        for document in config.documents
    )
    if of_repository and config.templates[name].agent != SCRIPT_AGENT:
        raise InvalidParams(
            f"The template {name!r} comes with the repository and isn't meant as a"
            " script, so the agent shell isn't given it. Nothing was created.",
            hint="Name another agent.",
        )


def _values(
    name: str, template: Template, given: Mapping[str, str]
) -> Mapping[str, str]:
    if unknown := [one for one in given if one not in template.names]:
        there = ", ".join(template.names) or "none"
        raise InvalidParams(
            f"The template {name!r} has no field {unknown[0]!r}; it has: {there}.",
            hint="Nothing was created.",
        )
    defaults = {
        one: field.default
        for one, field in template.fields.items()
        if field.default is not None
    }
    values = defaults | dict(given)
    if missing := [one for one in template.names if one not in values]:
        raise InvalidParams(
            f"The template {name!r} lacks a value for {', '.join(missing)}.",
            hint=f"Give it: `agentls run --template {name} --field {missing[0]}=…`.",
        )
    return values
