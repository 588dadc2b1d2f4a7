"""What speaks against a script before any row is read: unreadable text, missing translations, languages nobody speaks."""

from __future__ import annotations

from collections.abc import Iterator

from understudy_api.languages import speaks
from understudy_api.message_parts import MessageError
from understudy_api.renderjob import RenderJobSpec
from understudy_api.sentences import sentence_templates
from understudy_api.verdict import Refusal
from understudy_operator.core.content import scenes, script_locale


def script_refusals(spec: RenderJobSpec) -> tuple[Refusal, ...]:
    """Everything that speaks against locales, script and translations of a job; () when nothing does."""
    return (*_unspoken(spec), *_untranslated(spec), *_unreadable(spec))


def _unspoken(spec: RenderJobSpec) -> Iterator[Refusal]:
    unknown = [locale for locale in spec.locales if not speaks(locale)]
    if unknown:
        yield Refusal(
            reason="UnknownLocale",
            message=f"locales: {', '.join(unknown)}: no voice speaks it; wanted BCP 47 such as de-DE, "
            "mend or remove it",
        )
    written = script_locale(spec)
    if not speaks(written) and written not in unknown:
        yield Refusal(
            reason="UnknownLocale", message=f"script.locale: {written}: unknown language; wanted BCP 47 such as en-GB"
        )


def _untranslated(spec: RenderJobSpec) -> Iterator[Refusal]:
    missing = [locale for locale in spec.locales if scenes(spec, locale) is None]
    if missing:
        yield Refusal(
            reason="TranslationMissing",
            message=f"translations: {', '.join(missing)}: not there; add the scenes of each, or remove the locale",
        )
    wanted = len(spec.script.scenes)
    for name, translation in sorted(spec.translations.items()):
        if len(translation.scenes) != wanted:
            yield Refusal(
                reason="SceneCountDiffers",
                message=f"translations.{name}: wanted {wanted} scenes as in the script, got {len(translation.scenes)}",
            )


def _unreadable(spec: RenderJobSpec) -> Iterator[Refusal]:
    written = script_locale(spec)
    texts = {f"script.scenes[{i}].say": (scene.say, written) for i, scene in enumerate(spec.script.scenes)}
    for name, translation in sorted(spec.translations.items()):
        texts |= {
            f"translations.{name}.scenes[{i}].say": (scene.say, name) for i, scene in enumerate(translation.scenes)
        }
    for where, (text, locale) in texts.items():
        found = sentence_templates(text, locale)
        if isinstance(found, MessageError):
            yield Refusal(reason="ScriptUnreadable", message=f"{where}: {found}")
        elif not found:
            yield Refusal(reason="ScriptUnreadable", message=f"{where}: nothing to say; write a sentence")
