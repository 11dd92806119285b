"""`stemsilver ci`: commands for workflows on GitHub, besides `build-site` and `release`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import ConfigFile, ProfileName, chosen_profile
from stemsilver.errors import NothingToDo
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver.delivery import cache_key as keys
    from stemsilver.delivery import changelog, deployed_site, github, pull_request
    from stemsilver.report.text import wording
else:
    keys, github = LazyModule("delivery.cache_key"), LazyModule("delivery.github")
    changelog = LazyModule("delivery.changelog")
    deployed_site, pull_request = (
        LazyModule("delivery.deployed_site"),
        LazyModule("delivery.pull_request"),
    )
    wording = LazyModule("report.text.wording")

app = typer.Typer(
    help="For workflows on GitHub: cache keys, comments, previews, checks, release notes.",
    no_args_is_help=True,
)


@app.command("cache-key")
def cache_key(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files and folders whose content changes the key, such as raw and config."
        ),
    ],
) -> None:
    """Print a key for the cache of finished work.

    The key changes with the named files, the version of Python and the installed packages.
    """
    typer.echo(keys.cache_key(paths))


@app.command("comment")
def comment(profile: ProfileName = DEFAULT, config_file: ConfigFile = None) -> None:
    """Write or update the comment on the pull request whose run has ended.

    For a workflow on `workflow_run`, with GH_TOKEN in its `env`. The artifact of the pull request's
    run is checked against GitHub's API, and judged by the profile in the working folder. Exits with
    0 if there is nothing to report, and with 2 if the artifact was forged.
    """
    settings = chosen_profile(profile, config_file)
    event = Path(github.required_env("GITHUB_EVENT_PATH"))
    try:
        number = pull_request.comment_on_run(github.GitHub.from_environment(), settings, event)
    except NothingToDo as nothing:
        typer.echo(f"No comment: {nothing.message}.")
        return
    typer.echo(f"Commented on #{number}.")


@app.command("previews")
def previews(
    site: Annotated[Path, typer.Argument(help="The built site, which gets the folder `previews`.")],
    max_mb: Annotated[
        float, typer.Option(min=1, help="Maximum size of all previews together in MB.")
    ] = 200.0,
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
) -> None:
    """Put a preview of each open pull request into a site: `previews/pr-NUMBER/`.

    Needs GH_TOKEN in its `env`. The artifact of each pull request's run is checked first. If one is
    refused, only its own preview is missing, and a warning is printed.
    """
    settings = chosen_profile(profile, config_file)
    done = pull_request.add_previews(github.GitHub.from_environment(), settings, site, max_mb)
    for number in done.added:
        typer.echo(f"Preview of #{number}: {site}/previews/pr-{number}/")
    for number, why in done.refused.items():
        typer.echo(f"::warning::No preview of pull request {number}: {wording.visible(why)}")
    if done.left_out:
        numbers = ", ".join(map(str, done.left_out))
        typer.echo(f"::warning::No room for previews of pull requests {numbers}: {max_mb:g} MB.")


@app.command("check-site")
def check_site(
    site: Annotated[Path, typer.Argument(help="The site to deploy.")],
    max_mb: Annotated[float, typer.Option(min=1, help="Maximum size in MB.")] = 1000.0,
) -> None:
    """Check that GitHub Pages accepts a site: plain files only, and not too many bytes.

    Exits with 1 if it does not.
    """
    deployed_site.check_deployable(site, max_mb)


@app.command("release-notes")
def release_notes(
    version: Annotated[str, typer.Argument(help="The version or its tag, such as v1.2.0.")],
    change_log: Annotated[Path, typer.Option("--changelog", help="The change log.")] = Path(
        "CHANGELOG.md"
    ),
) -> None:
    """Print the section of a version in a change log.

    Exits with 2 if the section is empty or calls the version unreleased, and with 3 if there is no
    such section or no change log.
    """
    typer.echo(changelog.release_notes(change_log, version))
