"""How a task's work becomes commits on its target: squash, merge or rebase.

Each gives the last commit as a draft, since hooks may have a say before it is made;
what stands below it is made already. All are computed away from any checkout.
"""

import attrs

from agentls.errors import InvalidState
from agentls.git.commits import (
    HIDDEN,
    Commit,
    commit_tree,
    commits_between,
    commits_to_replay,
    empty_tree,
    read_commit,
    tree_of,
)
from agentls.git.merging import Conflicted, merge_trees
from agentls.git.repository import Repository
from agentls.model import BaseKind, CommitId, Strategy, Task
from agentls.review.change import without_prepared
from agentls.review.drafts import Draft, Wish, WorkConflicts
from agentls.review.message import merge_message
from agentls.review.work import Work

__all__ = ["branch_tip", "combine"]


async def combine(
    repository: Repository, task: Task, work: Work, *, wish: Wish
) -> Draft:
    """Bring a task's work together with its target.

    Raises `Conflict` naming the files, `InvalidState` where the strategy can't do it.
    """
    merging = _Combining(repository=repository, task=task, work=work, wish=wish)
    if wish.strategy is Strategy.SQUASH:
        return await merging.squash()
    if task.base.kind is BaseKind.WIP:
        raise InvalidState(
            f"Task {task.id} began from changes that were not committed, and its"
            " history is no branch's: it can only be squashed. Nothing was changed.",
            hint=f"agentls merge --strategy squash {task.id}",
        )
    if wish.strategy is Strategy.MERGE and task.base.on and work.only_since_base:
        raise InvalidState(
            f"The history of task {task.id} holds commits of task {task.base.on}, which"
            " a merge commit would bring along. Nothing was changed.",
            hint=f"agentls merge --strategy squash {task.id}, or rebase.",
        )
    if wish.strategy is Strategy.MERGE:
        return await merging.merge()
    return await merging.rebase()


async def branch_tip(
    repository: Repository, task: Task, work: Work, *, wish: Wish
) -> CommitId:
    """Give the task's branch as others may see it: its commits, and the rest on top.

    Nothing is merged. Raises `InvalidState` for work that began from uncommitted
    changes, which are nobody else's to see.
    """
    if task.base.kind is BaseKind.WIP:
        raise InvalidState(
            f"Task {task.id} began from changes that were not committed, so its branch"
            " would publish them. Nothing was pushed.",
            hint=f"Merge it into a branch of yours, and push that: agentls merge"
            f" {task.id}",
        )
    return await _Combining(
        repository=repository, task=task, work=work, wish=wish
    ).branch()


@attrs.frozen(kw_only=True)
class _Combining:
    repository: Repository
    task: Task
    work: Work
    wish: Wish

    async def squash(self) -> Draft:
        tree = await self._merge(
            self.work.target, self.work.tip, base=self.work.start, what=""
        )
        return Draft(
            tree=tree, parents=(self.work.target,), message=await self._message()
        )

    async def merge(self) -> Draft:
        """Give a merge commit of the target and the agent's branch."""
        tip = await self.branch()
        tree = await self._merge(self.work.target, tip, base=None, what="")
        return Draft(
            tree=tree, parents=(self.work.target, tip), message=await self._message()
        )

    async def branch(self) -> CommitId:
        """Give the agent's own commits, with what it didn't commit as one on top."""
        parents = await self._without_prepared()
        tip = parents[0]
        if len(parents) > 1 or await tree_of(self.repository, tip) != self.work.tree:
            tip = await commit_tree(
                self.repository,
                self.work.tree,
                parents=parents,
                message=merge_message(self.wish.template, self.task),
                signing=self.wish.signing,
            )
        return tip

    async def rebase(self) -> Draft:
        """Give the agent's commits one by one, and the rest above them.

        As git does it: what the target has already and what becomes empty is dropped,
        merges are flattened. Where that would lose what a merge holds, it is refused.
        """
        current, tree = (
            self.work.target,
            await tree_of(self.repository, self.work.target),
        )
        for commit in await self._own_commits():
            current, tree = await self._replay(commit, on=current, tree=tree)
        base = await self._clean_tree(self.work.head)
        if base == self.work.tree:
            draft = Draft(tree=tree, parents=(current,), message=None)
        else:
            last = await self._apply(
                base, self.work.tree, on=current, tree=tree, what="what is uncommitted"
            )
            draft = Draft(tree=last, parents=(current,), message=await self._message())
            if last == tree:
                draft = attrs.evolve(draft, message=None)
        await self._check_flattened(draft)
        return draft

    async def _replay(
        self, commit: Commit, *, on: CommitId, tree: str
    ) -> tuple[CommitId, str]:
        """Give the tip after one commit of the agent's was made anew on another."""
        new = await self._clean_tree(commit.id, tree=commit.tree)
        unchanged = new == commit.tree and commit.parents == (on,)
        if unchanged and self.wish.signing is None:
            return commit.id, new
        parent = commit.parents[0] if commit.parents else None
        old = (
            await self._clean_tree(parent)
            if parent
            else await empty_tree(self.repository)
        )
        made = await self._apply(
            old, new, on=on, tree=tree, what=f"commit {commit.id[:10]}"
        )
        if made == tree and old != new:
            return on, tree
        tip = await commit_tree(
            self.repository,
            made,
            parents=(on,),
            message=commit.message,
            author=commit.author,
            signing=self.wish.signing,
        )
        return tip, made

    async def _apply(
        self, old: str, new: str, *, on: CommitId, tree: str, what: str
    ) -> str:
        """Give the tree that has what leads from one tree to another as well."""
        if tree == old:
            return new
        base, theirs = await self._hidden(old), await self._hidden(new)
        return await self._merge(on, theirs, base=base, what=what)

    async def _hidden(self, tree: str) -> CommitId:
        return await commit_tree(
            self.repository, tree, parents=(), message="", identity=HIDDEN
        )

    async def _own_commits(self) -> tuple[Commit, ...]:
        ids = await commits_to_replay(
            self.repository,
            tip=self.work.head,
            onto=self.work.target,
            without=self.work.start,
        )
        return tuple([await read_commit(self.repository, one) for one in ids])

    async def _check_flattened(self, draft: Draft) -> None:
        """Refuse to lose what only a merge commit of the agent's holds."""
        merges = await commits_between(
            self.repository,
            tip=self.work.head,
            without=(self.work.target, *filter(None, (self.work.start,))),
            only_merges=True,
        )
        if not merges:
            return
        whole = await self._merge(
            self.work.target, self.work.tip, base=self.work.start, what=""
        )
        if whole != draft.tree:
            raise InvalidState(
                f"The agent of task {self.task.id} made merges by hand, and a rebase"
                " would lose what it changed in them. Nothing was changed.",
                hint=f"agentls merge --strategy squash {self.task.id}, or merge.",
            )

    async def _without_prepared(self) -> tuple[CommitId, ...]:
        """Give what stands below the work, without what `copy` and `setup` made.

        Where the agent committed that, its commits are made anew.
        """
        if self.task.prepared is None:
            return self.work.parents
        anew: dict[CommitId, CommitId] = {}
        for one in await commits_between(
            self.repository,
            tip=self.work.head,
            without=(self.work.target, self.work.base),
        ):
            commit = await read_commit(self.repository, one)
            tree = await self._clean_tree(one, tree=commit.tree)
            parents = tuple(anew.get(parent, parent) for parent in commit.parents)
            if (tree, parents) != (commit.tree, commit.parents):
                anew[one] = await commit_tree(
                    self.repository,
                    tree,
                    parents=parents,
                    message=commit.message,
                    author=commit.author,
                    signing=self.wish.signing,
                )
        return tuple(anew.get(one, one) for one in self.work.parents)

    async def _clean_tree(self, commit: CommitId, *, tree: str | None = None) -> str:
        tree = tree or await tree_of(self.repository, commit)
        return await without_prepared(
            self.repository, self.task, tree, base=self.task.base.commit
        )

    async def _message(self) -> str:
        if own := (self.wish.message or "").strip():
            return own + "\n"
        subjects: list[str] = []
        if "{commits}" in self.wish.template:
            without = (self.work.target, self.work.base)
            for one in await commits_between(
                self.repository, tip=self.work.head, without=without
            ):
                commit = await read_commit(self.repository, one)
                subjects.append(commit.message.strip().partition("\n")[0])
        return merge_message(self.wish.template, self.task, subjects=subjects)

    async def _merge(
        self, ours: CommitId, theirs: CommitId, *, base: CommitId | None, what: str
    ) -> str:
        merged = await merge_trees(self.repository, ours, theirs, base=base)
        if isinstance(merged, Conflicted):
            raise WorkConflicts(self.task, merged, what=what)
        return merged.tree
