"""From a job's spec to what is frozen: which scenes each locale speaks and which rows fill them."""

from __future__ import annotations

from understudy_api.languages import language
from understudy_api.order import Content
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core.request import ContentRequest
from understudy_operator.core.state import FrozenContent

RETRY_SECONDS = 30.0
"""How long rows that could not be frozen are left alone: a file in S3 may be mended without touching the job."""


def script_locale(spec: RenderJobSpec) -> str:
    """The locale the script is written in: its own, by default the first of the job."""
    return spec.script.locale or spec.locales[0]


def scenes(spec: RenderJobSpec, locale: str) -> tuple[str, ...] | None:
    """The messages of a locale's scenes, or None when nobody translated them.

    The nearest text wins: the locale's own translation, the script itself in that very locale, the translation into its
    language, the script in its language.
    """
    written = script_locale(spec)
    script = tuple(scene.say for scene in spec.script.scenes)
    translations = {key.lower(): value for key, value in spec.translations.items()}
    if found := translations.get(locale.lower()):
        return tuple(scene.say for scene in found.scenes)
    if locale.lower() == written.lower():
        return script
    if found := translations.get(locale.split("-")[0].lower()):
        return tuple(scene.say for scene in found.scenes)
    return script if language(locale) == language(written) else None


def request(spec: RenderJobSpec) -> ContentRequest:
    """What has to be frozen for a spec. A locale without translation is left out; admission refuses it."""
    found = {locale: scenes(spec, locale) for locale in spec.locales}
    data = spec.data
    return ContentRequest(
        key=data.key if data else None,
        rows=data.rows if data else ({},),
        source=data.from_ if data else None,
        scenes={locale: texts for locale, texts in found.items() if texts is not None},
    )


def content(spec: RenderJobSpec, frozen: FrozenContent) -> Content:
    """The content of an order."""
    return Content(
        script_locale=script_locale(spec),
        scenes=request(spec).scenes,
        key=spec.data.key if spec.data else None,
        rows_s3_key=frozen.rows_s3_key,
        rows_digest=frozen.rows_digest,
        rows_count=frozen.rows_count,
    )
