"""The artifact of a pull request's run, the comment on the pull request, and its preview.

`pack` runs beside the untrusted code of the pull request, without permissions. Everything else runs
the code of the main branch with permissions, and treats the artifact as untrusted.
"""

from stemsilver.delivery.pull_request.artifact import Artifact, Claim, read, read_claim
from stemsilver.delivery.pull_request.comment import comment_markdown
from stemsilver.delivery.pull_request.github_comment import comment_on_run
from stemsilver.delivery.pull_request.packing import Packed, pack
from stemsilver.delivery.pull_request.preview import WrittenPreview, write_preview
from stemsilver.delivery.pull_request.previews import Previews, add_previews
from stemsilver.delivery.pull_request.verify_origin import check_origin

__all__ = [
    "Artifact",
    "Claim",
    "Packed",
    "Previews",
    "WrittenPreview",
    "add_previews",
    "check_origin",
    "comment_markdown",
    "comment_on_run",
    "pack",
    "read",
    "read_claim",
    "write_preview",
]
