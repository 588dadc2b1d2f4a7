"""Which mouth shape each phoneme wants, for espeak-ng's mnemonics and for IPA alike."""

from __future__ import annotations

# Longest symbols first; each maps to one sound, or two for diphthongs and affricates.
_SOUNDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aI", ("a", "i")), ("aU", ("a", "u")), ("OI", ("o", "i")), ("OY", ("o", "i")), ("eI", ("e", "i")),
    ("oU", ("o", "u")), ("@U", ("uh", "u")), ("e@", ("e", "schwa")), ("i@", ("i", "schwa")), ("U@", ("u", "schwa")),
    ("aɪ", ("a", "i")), ("aʊ", ("a", "u")), ("ɔɪ", ("o", "i")), ("eɪ", ("e", "i")), ("oʊ", ("o", "u")),
    ("əʊ", ("uh", "u")), ("ɔø", ("o", "i")), ("eə", ("e", "schwa")), ("iə", ("i", "schwa")), ("ʊə", ("u", "schwa")),
    ("ɪə", ("i", "schwa")), ("tS", ("tongue-ridge", "hush")), ("dZ", ("tongue-ridge", "hush")),
    ("tʃ", ("tongue-ridge", "hush")), ("dʒ", ("tongue-ridge", "hush")), ("ts", ("tongue-ridge", "hiss")),
    ("pf", ("lips", "teeth-lip")), ("0#", ("a",)), ("a#", ("schwa",)), ("I#", ("i",)), ("I2", ("i",)),
    ("@L", ("schwa", "tongue-ridge")), ("W", ("oe",)), ("Y", ("oe",)),
)  # fmt: skip
_SINGLES: dict[str, str] = {
    **dict.fromkeys("pbm", "lips"), **dict.fromkeys("fvɱʋ", "teeth-lip"), **dict.fromkeys("TDθð", "tongue-teeth"),
    **dict.fromkeys("tdnlɫɭʈɖɳɾɽ*", "tongue-ridge"), **dict.fromkeys("kgɡNŋxXCçqɢχɣQɲʎ", "back"),
    **dict.fromkeys("szɕʑ", "hiss"), **dict.fromkeys("SZʃʒʂʐ", "hush"), **dict.fromkeys("rRɹʁʀɻ", "r"),
    **dict.fromkeys("hɦHħʔʕ", "breath"), **dict.fromkeys("wʍɥβɸ", "w"), **dict.fromkeys("aAɑɒ", "a"),
    **dict.fromkeys("æ", "ae"), **dict.fromkeys("Vʌɐ", "uh"), **dict.fromkeys("eEɛ", "e"), **dict.fromkeys("iIɪɨj", "i"),
    **dict.fromkeys("oOɔ0", "o"), **dict.fromkeys("uUʊɯʉ", "u"), **dict.fromkeys("yʏ", "y"), **dict.fromkeys("øœɵɶ", "oe"),
    **dict.fromkeys("@3əɜɘɚɝ", "schwa"),
}  # fmt: skip
_SILENT = set("_:;,'%|=~ˈˌːˑ-\u0303\u0329\u032f\u0361\u200d \"!#")


def sounds_of(symbol: str) -> tuple[str, ...]:
    """The sounds (keys of `articulation.TARGETS`) of one phone; empty for silence and marks; unknown is `schwa`."""
    bare = "".join(letter for letter in symbol if letter not in _SILENT or letter == "#")
    bare = bare.strip("#") or bare
    if not bare or bare == "#":
        return ()
    for prefix, sounds in _SOUNDS:
        if bare.startswith(prefix) or (prefix.endswith("#") and symbol.startswith(prefix)):
            return sounds
    if bare.startswith("3") or bare == "3:":
        return ("oe",) if ":" in symbol else ("schwa",)
    return (_SINGLES.get(bare[0], "schwa"),)
