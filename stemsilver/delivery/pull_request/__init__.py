"""The artifact of a pull request's run, the comment on the pull request, and its preview.

`pack` runs beside the untrusted code of the pull request, without permissions. Everything else runs
the code of the main branch with permissions, and treats the artifact as untrusted.
"""

from stemsilver.delivery.pull_request.artifact import Claim, HandedOver, read, read_claim
from stemsilver.delivery.pull_request.comment import comment_markdown
from stemsilver.delivery.pull_request.github_comment import answer
from stemsilver.delivery.pull_request.packing import Packed, pack
from stemsilver.delivery.pull_request.preview import Written, write_preview
from stemsilver.delivery.pull_request.previews import Previews, add_previews
from stemsilver.delivery.pull_request.verify_origin import check_origin

__all__ = [
    "Claim",
    "HandedOver",
    "Packed",
    "Previews",
    "Written",
    "add_previews",
    "answer",
    "check_origin",
    "comment_markdown",
    "pack",
    "read",
    "read_claim",
    "write_preview",
]
