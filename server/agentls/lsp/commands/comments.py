"""Commands about comments: write, list, resolve, and send them as a review."""

import os

from agentls.config import Right
from agentls.errors import InvalidParams
from agentls.lsp import documents, present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.comments import (
    AddCommentParams,
    AnswerInfo,
    CommentInfo,
    CommentParams,
    CommentResult,
    EditCommentParams,
    ListCommentsParams,
    ListCommentsResult,
    OriginalInfo,
    ResolveCommentParams,
    SendReviewParams,
    SendReviewResult,
)
from agentls.lsp.protocol.tasks import Empty
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Lines, Task
from agentls.review.comments import Answer, PlacedComment
from agentls.store.comments import Comment, CommentId, Side
from agentls.tasks.commenting import Remark


@command("agentls.addComment", agents=Right.SEND)
async def add_comment(
    ls: Server, params: AddCommentParams, _: RequestProgress
) -> CommentResult:
    """Write a comment on lines, a file or the whole change; or reply to one.

    It follows its lines from then on. The agent is told by `sendReview`.
    """
    comment = await ls.core.commenting.add(params.task, _remark(params))
    return await _result(ls, params.task, comment)


@command("agentls.listComments", agents=Right.SHOW)
async def list_comments(
    ls: Server, params: ListCommentsParams, _: RequestProgress
) -> ListCommentsResult:
    """List a task's comments where their lines are now, and what answered them."""
    task, placed = await ls.core.commenting.listed(params.task, resolved=params.all)
    return ListCommentsResult(
        task=task.id, comments=tuple(_info(task, one) for one in placed)
    )


@command("agentls.editComment")
async def edit_comment(
    ls: Server, params: EditCommentParams, _: RequestProgress
) -> CommentResult:
    """Change the text of a comment that the agent wasn't told of."""
    comment = await ls.core.commenting.edit(params.task, params.comment, params.text)
    return await _result(ls, params.task, comment)


@command("agentls.resolveComment")
async def resolve_comment(
    ls: Server, params: ResolveCommentParams, _: RequestProgress
) -> CommentResult:
    """Mark a comment's thread as done with, or not. It gives the thread's first."""
    comment = await ls.core.commenting.resolve(
        params.task, params.comment, resolved=params.resolved
    )
    return await _result(ls, params.task, comment)


@command("agentls.deleteComment")
async def delete_comment(
    ls: Server, params: CommentParams, _: RequestProgress
) -> Empty:
    """Delete a comment; with the one that began a thread, the whole thread."""
    await ls.core.commenting.delete(params.task, params.comment)
    return Empty()


@command("agentls.sendReview", agents=Right.SEND)
async def send_review(
    ls: Server, params: SendReviewParams, _: RequestProgress
) -> SendReviewResult:
    """Tell the agent all open comments in one prompt, as `sendPrompt` does.

    They are `sent` then; if the prompt can't be given, they stay open.
    """
    sent = await ls.core.review_sending.send(
        params.task, text=params.text or "", template=params.template
    )
    return SendReviewResult(
        task=ls.task_info(sent.task),
        prompt=sent.prompt,
        comments=tuple(sent.comments),
    )


async def _result(ls: Server, name: str, comment: Comment) -> CommentResult:
    task, placed = await ls.core.commenting.listed(name)
    (found,) = (one for one in placed if one.comment.id == comment.id)
    return CommentResult(comment=_info(task, found))


def _remark(params: AddCommentParams) -> Remark:
    try:
        side = Side(params.side)
    except ValueError as error:
        raise InvalidParams(
            f"The side is {params.side!r}; it is `old` or `new`."
        ) from error
    if params.line is None and params.end_line is not None:
        raise InvalidParams("There is an endLine without a line.")
    if params.path is None and params.line is not None:
        raise InvalidParams("There is a line without a path.")
    return Remark(
        text=params.text,
        path=os.fsencode(params.path or ""),
        side=side,
        lines=None
        if params.line is None
        else Lines(
            first=params.line,
            last=params.line if params.end_line is None else params.end_line,
        ),
        thread=None if params.thread is None else CommentId(params.thread),
    )


def _info(task: Task, placed: PlacedComment) -> CommentInfo:
    comment = placed.comment
    return CommentInfo(
        id=comment.id,
        thread=comment.thread,
        author=comment.author,
        path=os.fsdecode(placed.path) or None,
        side=comment.side,
        line=placed.lines and placed.lines.first,
        end_line=placed.lines and placed.lines.last,
        outdated=placed.outdated,
        original=OriginalInfo(
            checkpoint=comment.checkpoint,
            path=os.fsdecode(comment.path),
            line=comment.first,
            end_line=comment.last,
        ),
        quoted=comment.quoted,
        text=comment.text,
        state=comment.state,
        written=comment.written.isoformat(),
        answer=placed.answer and _answer(placed.answer),
        uri=_uri(task, placed),
    )


def _answer(answer: Answer) -> AnswerInfo:
    return AnswerInfo(
        how=answer.how,
        path=os.fsdecode(answer.path) or None,
        line=answer.lines and answer.lines.first,
        end_line=answer.lines and answer.lines.last,
        hunk=answer.hunk,
    )


def _uri(task: Task, placed: PlacedComment) -> str | None:
    if not placed.path:
        return None
    if placed.comment.side is Side.OLD:
        return documents.side_uri(task.id, "base", placed.path)
    return present.uri_of(task.worktree / os.fsdecode(placed.path))
