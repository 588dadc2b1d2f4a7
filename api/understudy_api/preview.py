"""Previews: what an owner may look at before consenting. Sealed to the owner, few, small, and never metered.

A preview is an order of its own whose `preview` names the age recipient that alone can open what is made of it. It has to be
the recipient that the license names, so that nobody else ever sees what nobody has consented to.
"""

from __future__ import annotations

from typing import Final

from understudy_api.order import MAX_PREVIEW_ITEMS, Making, VideoOutput
from understudy_api.terms import Terms
from understudy_api.verdict import Refusal

HEIGHT: Final = 320
"""Pixels; a little more where the width would fall below what an output may have."""
MAX_HEIGHT: Final = 640
_MIN_WIDTH: Final = 192
_MARK: Final = "-preview-"


def preview_refusal(making: Making, terms: Terms) -> Refusal | None:
    """Why an order may not be made as a preview under these terms; None when it may, and for one that is no preview."""
    if making.preview is None:
        return None
    if not terms.preview or making.preview != terms.preview_recipient:
        return Refusal(
            reason="PreviewNotCovered",
            message="preview: the license lets nobody but the recipient it names open one; wait for the owner's answer",
        )
    small = len(making.outputs) == 1 and making.outputs[0].height <= MAX_HEIGHT
    if small and making.outputs[0].width <= MAX_HEIGHT and len(making.locales) <= MAX_PREVIEW_ITEMS:
        return None
    return Refusal(
        reason="PreviewTooLarge",
        message=f"preview: wanted one output of at most {MAX_HEIGHT} pixels a side in {MAX_PREVIEW_ITEMS} locales",
    )


def preview_output(output: VideoOutput) -> VideoOutput:
    """The same picture at the size of a preview."""
    scale = max(HEIGHT / output.height, _MIN_WIDTH / output.width)
    width, height = (min(2 * round(side * scale / 2), MAX_HEIGHT) for side in (output.width, output.height))
    return VideoOutput(name="preview", width=width, height=height)


def preview_uid(job_uid: str, request: str) -> str:
    """Uid of the preview that goes with a job's request for consent, by its digest."""
    return f"{job_uid}{_MARK}{request[:12]}"


def job_of(uid: str) -> str:
    """Uid of the job that an order belongs to, be it a preview or the job's own."""
    return uid.partition(_MARK)[0]


def preview_prefix(owner_namespace: str, request: str) -> str:
    """Where a preview lies in the outputs bucket: inside the owner's own prefix."""
    return f"{owner_namespace}/previews/{request}/"
