"""The repository that a folder belongs to, and what its names mean."""

import os
from pathlib import Path

import attrs

from agentls.errors import GitFailed, InvalidParams, NoCommits, NotARepository
from agentls.git.place import Place
from agentls.git.process import Finished, run_process
from agentls.git.runner import run_git, user_environ
from agentls.model import CommitId
from agentls.threads import in_thread
from agentls.together import together

__all__ = [
    "Head",
    "Repository",
    "find_repository",
    "has_commit",
    "head",
    "resolve_commit",
]


@attrs.frozen(kw_only=True)
class Repository:
    """A repository with a work tree, found once and then passed around."""

    root: Path
    """The top folder of the main checkout, without symbolic links."""
    git_dir: Path
    """The common git folder, without symbolic links."""
    object_format: str
    """`sha1` or `sha256`."""
    shallow: bool = False
    partial: bool = False
    """Objects may be missing here and are fetched when git wants them."""
    trusted: frozenset[str] = frozenset()
    """The exact texts (of filters and the like) that the user trusts here."""

    quarantine: Path | None = None
    """Where new objects go instead of into the repository, for what is only tried."""

    @property
    def main(self) -> Place:
        """The main checkout: the user's own files and index."""
        return Place(
            git_dir=self.git_dir,
            work_tree=self.root,
            objects=self.quarantine,
            alternates=self.alternates,
            network=self.partial,
            trusted=self.trusted,
        )

    @property
    def objects(self) -> Path:
        """Where new objects go."""
        return self.quarantine or self.git_dir / "objects"

    @property
    def alternates(self) -> tuple[Path, ...]:
        """Where else objects are."""
        return (self.git_dir / "objects",) if self.quarantine else ()

    @property
    def own_dir(self) -> Path:
        """Where agentls keeps what belongs to this repository and file system."""
        return self.git_dir / "agentls"

    @property
    def no_commit(self) -> CommitId:
        """The id of zeros that stands for "no such reference"."""
        return CommitId("0" * (64 if self.object_format == "sha256" else 40))

    def trusting(self, texts: frozenset[str]) -> "Repository":
        """Give the same repository with these texts trusted."""
        return attrs.evolve(self, trusted=texts)

    def quarantined(self, objects: Path) -> "Repository":
        """Give the same repository with new objects kept apart in that folder."""
        return attrs.evolve(self, quarantine=objects)


@attrs.frozen(kw_only=True)
class Head:
    """What a checkout stands on."""

    branch: str | None
    """The branch's short name; None for a detached head."""
    commit: CommitId


@attrs.frozen(kw_only=True)
class _Found:
    root: Path
    git_dir: Path
    partial: bool


async def find_repository(path: Path) -> Repository:
    """Find the repository of a file or folder; of a linked worktree, the main one.

    Raises `NotARepository` where there is none that has a main checkout, or
    where git itself refuses to use it (a folder of another user).
    """
    found = await in_thread(_discover, path)
    answer = await _ask_git(found.root)
    lines = answer.stdout.decode("ascii", "replace").split()
    if answer.status or len(lines) != 2:  # noqa: PLR2004 - one line a question
        why = answer.stderr.decode("utf-8", "replace").strip()
        raise NotARepository(
            f"Git doesn't use the repository at {found.root}: {why}",
            hint=(
                f"If it is yours: git config --global --add safe.directory {found.root}"
                if "dubious ownership" in why
                else "Run git status there, it tells more."
            ),
        )
    return Repository(
        root=found.root,
        git_dir=found.git_dir,
        object_format=lines[0],
        shallow=lines[1] == "true",
        partial=found.partial,
    )


async def head(repo: Repository, *, at: Place | None = None) -> Head:
    """Give the branch and commit of a checkout (the main one, unless told).

    Raises `NoCommits` for a branch that has none yet.
    """
    place = at or repo.main
    symbolic, commit = await together(
        run_git("symbolic-ref", "-q", "HEAD", at=place),
        run_git("rev-parse", "--verify", "-q", "HEAD^{commit}", at=place),
    )
    ref = os.fsdecode(symbolic.stdout.rstrip(b"\n"))
    if commit.status:
        raise NoCommits(
            f"The repository at {repo.root} has no commit yet to begin from.",
            hint='Make one first: git commit --allow-empty -m "first"',
        )
    return Head(
        branch=ref.removeprefix("refs/heads/") if not symbolic.status else None,
        commit=CommitId(commit.stdout.decode("ascii").strip()),
    )


async def has_commit(repo: Repository, commit: CommitId) -> bool:
    """Tell whether a commit is there, with its tree."""
    found = await run_git(
        *("rev-parse", "--verify", "-q", "--end-of-options", f"{commit}^{{tree}}"),
        at=repo.main,
    )
    return not found.status


async def resolve_commit(repo: Repository, name: str) -> CommitId:
    """Give the commit that a name means; raise `InvalidParams` for an unknown one.

    A branch is preferred to a tag or another reference of the same name.
    """
    if "\0" not in name and name:
        for wanted in (f"refs/heads/{name}", name):
            found = await run_git(
                "rev-parse",
                "--verify",
                "-q",
                "--end-of-options",
                f"{wanted}^{{commit}}",
                at=repo.main,
            )
            if not found.status:
                return CommitId(found.stdout.decode("ascii").strip())
    raise InvalidParams(
        f"There is no commit, branch or tag {name!r} in {repo.root}.",
        hint="git branch -a lists the branches; fetch first if it is a remote one.",
    )


def _discover(path: Path) -> _Found:
    """Find top and git folder by GitPython, which gives paths of any characters.

    It is imported here since it takes time; the `Repo` doesn't leave the
    thread, as it isn't safe to share.
    """
    try:
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo  # noqa: PLC0415
    except ImportError as error:  # what GitPython raises when it finds no git
        raise GitFailed(
            "There is no git on the PATH.", hint="Install git 2.38 or newer."
        ) from error
    folder = _existing_folder(path)
    try:
        with Repo(folder, search_parent_directories=True, expand_vars=False) as repo:
            top = repo.working_tree_dir
            common = Path(os.path.realpath(repo.common_dir))
            with repo.config_reader("repository") as config:
                partial = config.has_option("extensions", "partialClone") or any(
                    config.has_option(section, "promisor")
                    for section in config.sections()
                )
                work_tree = config.get_value("core", "worktree", default="")
                bare = config.get_value("core", "bare", default=False)
    except (InvalidGitRepositoryError, NoSuchPathError) as error:
        raise NotARepository(
            f"{path} is in no git repository.",
            hint="Open a folder of a repository, or run git init there.",
        ) from error
    if folder.is_relative_to(common):
        raise NotARepository(
            f"{path} lies inside the git folder {common}.",
            hint="Open the folder of the checkout.",
        )
    root = _main_checkout(common, top=top, work_tree=str(work_tree))
    if bare is True or root is None:
        raise NotARepository(
            f"The repository at {common} is bare: it has no main checkout.",
            hint="agentls needs one; clone it without --bare and open that.",
        )
    return _Found(root=root, git_dir=common, partial=partial)


def _existing_folder(path: Path) -> Path:
    folder = Path(os.path.realpath(path))
    try:
        if folder.is_dir():
            return folder
        there = folder.exists()
    except OSError as error:  # too long, or in a folder that may not be read
        raise NotARepository(
            f"{path} can't be looked at: {error.strerror}.",
            hint="Give the path of a file or folder.",
        ) from error
    if not there:
        raise NotARepository(
            f"{path} doesn't exist.", hint="Give the path of a file or folder."
        )
    return folder.parent


def _main_checkout(
    common: Path, *, top: str | os.PathLike[str] | None, work_tree: str
) -> Path | None:
    """Work out the top folder of the main checkout."""
    if work_tree:  # a submodule's git folder, or one that was moved
        return Path(os.path.realpath(common / work_tree))
    real = Path(os.path.realpath(top)) if top is not None else None
    # Made by `git init --separate-git-dir`, only that checkout itself leads to it.
    if real is not None and _git_dir_of(real / ".git") == common:
        return real
    return common.parent if common.name == ".git" else None


def _git_dir_of(file: Path) -> Path | None:
    if file.is_dir():
        return Path(os.path.realpath(file))
    try:
        text = file.read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return Path(
        os.path.realpath(file.parent / text.removeprefix("gitdir: ").rstrip("\n"))
    )


async def _ask_git(root: Path) -> Finished:
    """Let git find the repository by itself: it checks whose folder it is."""
    return await run_process(
        (
            "git",
            "rev-parse",
            "--show-object-format",
            "--is-shallow-repository",
        ),
        cwd=root,
        environ=user_environ() | {"LC_ALL": "C"},
        within=30,
    )
