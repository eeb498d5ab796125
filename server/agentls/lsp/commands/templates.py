"""Commands about templates."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.templates import (
    FieldInfo,
    ListTemplatesParams,
    ListTemplatesResult,
    TemplateInfo,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.listTemplates")
async def list_templates(
    ls: Server, params: ListTemplatesParams, _: RequestProgress
) -> ListTemplatesResult:
    """List the templates that `createTask` can be given.

    A repository's own whose agent is `shell` are listed once they are trusted.
    """
    folder = ls.folder(params.uri) if params.uri else None
    found = await ls.core.creating.templates(folder)
    return ListTemplatesResult(
        templates=tuple(
            TemplateInfo(
                name=name,
                prompt=template.prompt,
                agent=template.agent,
                fields=tuple(
                    FieldInfo(
                        name=field,
                        ask=(known and known.ask) or field,
                        default=known and known.default,
                    )
                    for field in template.names
                    for known in [template.fields.get(field)]
                ),
            )
            for name, template in found.items()
        )
    )
