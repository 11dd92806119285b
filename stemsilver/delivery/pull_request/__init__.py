"""What a pull request hands over, what is said of it, and its live preview.

`pack` runs beside the pull request's own code, with no rights. Everything else runs with rights,
on the main branch's code, and believes nothing that was packed.
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
