"""Values by which a page or a data set says that a machine wrote the text."""

import re

# IPTC's digital source types of what an algorithm made, alone or with something else
# (cv.iptc.org/newscodes/digitalsourcetype). schema.org has the same names with `DigitalSource` behind
# them. The others, such as `algorithmicallyEnhanced` or `minorHumanEdits`, don't name the writer.
_SOURCE_TYPES = {
    name.lower(): name
    for name in ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia")
}
_LONGEST = 200
# A data set's `generator` may be anything, a publishing system too. These names are language models'; the
# second group are words for other things as well, so that a version or a size must follow.
_MODEL = re.compile(
    r"(?<![a-z])(?:(?:chat|instruct)?gpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|davinci|vicuna"
    r"|wizardlm|nemotron|stablelm|olmo)(?![a-z])"
    r"|(?<![a-z])(?:opt|phi|falcon|yi|palm|grok|bloomz?|t5|pythia|mpt|glm|kimi|granite|command-r|gpt)"
    r"[-_ ]?v?k?\d"
)


def source_type(value: str) -> str | None:
    """IPTC's name of a digital source type that means a machine made it, None for any other value.

    Takes IPTC's address or name, schema.org's, and prefixed names (`iptc:trainedAlgorithmicMedia`).
    """
    if len(value) > _LONGEST:
        return None
    name = re.split(r"[/#:]", value.strip().rstrip("/"))[-1].lower().removesuffix("digitalsource")
    return _SOURCE_TYPES.get(name)


def names_language_model(value: str) -> bool:
    """Whether a data set's `generator` names a known family of language models. The name of a
    publishing system (`WordPress 6.4`) doesn't; a model that the list lacks is missed.
    """
    return len(value) <= _LONGEST and _MODEL.search(value.lower()) is not None
