"""Commands about agentls itself."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol import DoctorFinding, DoctorParams, DoctorResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.doctor")
async def doctor(ls: Server, params: DoctorParams, _: RequestProgress) -> DoctorResult:
    """Look for what is wrong, and say what to do about it."""
    folder = ls.folder(params.uri) if params.uri else None
    return DoctorResult(
        findings=tuple(
            DoctorFinding(
                name=finding.name,
                ok=finding.ok,
                message=finding.message,
                hint=finding.hint,
            )
            for finding in await ls.core.doctor(folder)
        )
    )
