"""Voice servers as they are found in the field, small: each takes what its original takes, refuses what that refuses, and says it in its
words. `DIALECTS` lists them with the settings by which each is asked for."""
import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from voice_server import spoken, wav_header, whole_wav

SECONDS = 1.2


def cut(data, size=3333):
    return [data[at : at + size] for at in range(0, len(data), size)]


def bytes_of(rate):
    return spoken(SECONDS, rate).tobytes()


def gpt_sovits(call):
    """api_v2.py of a v2 model."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/tts": {}, "/set_gpt_weights": {}, "/set_refer_audio": {}}})
    if call.path != "/tts" or call.json is None:
        return call.say(404, {"detail": "Not Found"})
    asked = call.json
    for name in ("text", "text_lang", "ref_audio_path", "prompt_lang"):
        if not asked.get(name):
            return call.say(400, {"message": f"{name} is required"})
    for name in ("text_lang", "prompt_lang"):
        if asked[name].lower() not in ["auto", "auto_yue", "en", "zh", "ja", "yue", "ko", "all_zh", "all_ja", "all_yue", "all_ko"]:
            return call.say(400, {"message": f"{name}: {asked[name]} is not supported in version v2"})
        if asked[name] != asked[name].lower():
            return call.say(400, {"message": "tts failed", "Exception": ""})
    if not Path(asked["ref_audio_path"]).exists():
        return call.say(400, {"message": "tts failed", "Exception": f"{asked['ref_audio_path']} not exists"})
    if not re.search(r"\w", asked["text"]):
        return call.whole(whole_wav(np.zeros(16000), 16000))
    if asked["streaming_mode"]:
        return call.chunked([wav_header(32000), *cut(bytes_of(32000))])
    return call.whole(whole_wav(spoken(SECONDS, 32000), 32000))


def gpt_sovits_v1(call):
    """api.py started with -mt wav: format and streaming are its own."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/": {}, "/change_refer": {}, "/set_model": {}, "/control": {}}})
    asked = call.json
    if not all(asked.get(name) for name in ("refer_wav_path", "prompt_text", "prompt_language")):
        return call.say(400, {"code": 400, "message": "未指定参考音频且接口无预设"})
    return call.chunked([wav_header(32000), *cut(bytes_of(32000))])


def fish_speech(call, key="secret"):
    """tools/api_server.py with --api-key."""
    if call.headers.get("Authorization") != f"Bearer {key}":
        return call.say(401, {"statusCode": 401, "message": "Invalid token", "error": "Unauthorized"}, WWW_Authenticate="Bearer")
    if call.path == "/v1/health":
        return call.say(200, {"status": "ok"})
    if call.path == "/v1/references/list" and call.query.get("format") == "json":
        return call.say(200, {"success": True, "reference_ids": ["anna", "bert"], "message": "ok"})
    if call.path != "/v1/tts":
        return call.say(404, {"statusCode": 404, "message": "Not Found", "error": "Not Found"})
    if call.type not in ("application/json", "application/msgpack"):
        return call.say(415, {"statusCode": 415, "message": "Unsupported media type", "error": "Unsupported Media Type"})
    if any(len(one["audio"]) <= 255 or base64.b64decode(one["audio"])[:4] != b"RIFF" for one in call.json["references"]):
        return call.say(500, {"statusCode": 500, "message": "Failed to generate speech", "error": "Internal Server Error"})
    if call.json["streaming"]:
        return call.chunked(cut(bytes_of(44100)))
    return call.whole(whole_wav(spoken(SECONDS, 44100), 44100), Content_Disposition="attachment; filename=audio.wav")


def cosyvoice(call):
    """runtime/python/fastapi/server.py with CosyVoice2: forms in, bare samples of 24 kHz without a Content-Type out."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/inference_sft": {}, "/inference_zero_shot": {}, "/inference_cross_lingual": {}}})
    wanted = {"/inference_zero_shot": {"tts_text", "prompt_text", "prompt_wav"}, "/inference_cross_lingual": {"tts_text", "prompt_wav"},
              "/inference_sft": {"tts_text", "spk_id"}}.get(call.path)
    if wanted is None:
        return call.say(404, {"detail": "Not Found"})
    if not wanted <= set(call.form):
        return call.say(422, {"detail": [{"type": "missing", "loc": ["body", "tts_text"], "msg": "Field required", "input": None}]})
    return call.chunked(cut(bytes_of(24000)), content_type=None)


def xtts(call):
    """daswer123/xtts-api-server."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/tts_to_audio/": {}, "/tts_stream": {}, "/speakers_list": {}}})
    if call.path == "/speakers_list":
        return call.say(200, ["calm_female", "male"])
    if call.path == "/tts_to_audio":
        return call.say(307, "", "text/plain", Location="http://elsewhere/tts_to_audio/")
    asked = call.query if call.path == "/tts_stream" else call.json
    if asked is None or not {"text", "speaker_wav", "language"} <= set(asked):
        return call.say(422, {"detail": [{"type": "missing", "loc": ["body", "text"], "msg": "Field required"}]})
    if asked["language"] not in ["ar", "pt", "zh-cn", "cs", "nl", "en", "fr", "de", "it", "pl", "ru", "es", "tr", "ja", "ko", "hu", "hi"]:
        return call.say(500, {"detail": "Error: 400: Language code sent is either unsupported or misspelled."})
    if call.path == "/tts_stream":
        return call.chunked([wav_header(24000), *cut(bytes_of(24000))], "audio/x-wav")
    return call.whole(whole_wav(spoken(SECONDS)))


def xtts_streaming(call):
    """coqui-ai/xtts-streaming-server: latents in, WAV in base64 or in chunks out."""
    latents = {"gpt_cond_latent": [[0.5] * 4], "speaker_embedding": [0.25] * 4}
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/clone_speaker": {}, "/tts_stream": {}, "/tts": {}}})
    if call.path == "/studio_speakers":
        return call.say(200, {"Ana": latents})
    if call.path == "/clone_speaker":
        return call.say(200, latents) if call.form.get("wav_file", b"")[:4] == b"RIFF" else call.say(422, {"detail": "no file"})
    if any(call.json.get(name) != value for name, value in latents.items()):
        return call.say(422, {"detail": [{"loc": ["body", "gpt_cond_latent"], "msg": "Field required"}]})
    if call.path == "/tts_stream":
        return call.chunked([wav_header(24000), *cut(bytes_of(24000))])
    return call.say(200, json.dumps(base64.b64encode(whole_wav(spoken(SECONDS))).decode()))


def kokoro(call):
    """Kokoro-FastAPI: streams unless told not to, a header of 78 bytes with sizes of 0xFFFFFFFF, mp3 unless asked otherwise."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/v1/audio/speech": {}, "/dev/captioned_speech": {}, "/v1/audio/voices": {}}})
    if call.path == "/v1/audio/voices":
        return call.say(200, {"voices": [{"id": name, "name": name} for name in ("af_bella", "af_heart", "bf_emma", "zf_xiaobei")]})
    if call.path == "/v1/models":
        return call.say(200, {"object": "list", "data": [{"id": "tts-1"}, {"id": "kokoro"}]})
    asked = call.json
    if asked["model"] not in ("tts-1", "tts-1-hd", "kokoro", "gpt-4o-mini-tts"):
        return call.say(400, {"detail": {"error": "invalid_model", "message": f"Unsupported model: {asked['model']}", "type": "invalid"}})
    if asked.get("response_format", "mp3") != "wav":
        return call.say(400, {"detail": {"error": "validation_error", "message": "this test wants wav", "type": "invalid_request_error"}})
    if asked.get("stream", True):
        return call.chunked([wav_header(24000, 0xFFFFFFFF, 0xFFFFFFFF, list_chunk=True), *cut(bytes_of(24000))])
    return call.whole(whole_wav(spoken(SECONDS)))


def vllm_omni(call):
    """vLLM-Omni: stream=true is server-sent events unless stream_format says audio."""
    if call.path == "/v1/audio/voices":
        return call.say(200, {"voices": ["vivian", "ryan"], "uploaded_voices": []})
    if call.path == "/v1/models":
        return call.say(200, {"data": [{"id": "Qwen/Qwen3-TTS"}]})
    if call.path != "/v1/audio/speech":
        return call.say(404, {"detail": "Not Found"})
    asked = call.json
    if asked["model"] != "Qwen/Qwen3-TTS":
        return call.say(404, {"error": {"message": f"The model `{asked['model']}` does not exist.", "type": "NotFoundError", "code": 404}})
    if asked.get("speed", 1.0) != 1.0 and asked["stream"]:
        return call.say(400, {"error": {"message": "speed must be 1.0 when streaming", "type": "BadRequestError", "code": 400}})
    if asked["stream"] and asked.get("stream_format") != "audio":
        events = [{"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()} for piece in cut(bytes_of(24000))]
        events.append({"type": "speech.audio.done"})
        return call.chunked([f"data: {json.dumps(event)}\n\n".encode() for event in events], "text/event-stream")
    if asked["stream"]:
        return call.chunked([wav_header(24000, 0xFFFFFFFF, 0xFFFFFFFF), *cut(bytes_of(24000))])
    return call.whole(whole_wav(spoken(SECONDS)))


def chatterbox_server(call):
    """Chatterbox-TTS-Server: an upload answers 200 whatever became of it."""
    if call.path == "/openapi.json":
        return call.say(200, {"paths": {"/tts": {}, "/upload_reference": {}, "/v1/audio/speech": {}}})
    if call.path == "/upload_reference":
        return call.say(200, {"message": "Processed.", "uploaded_files": [call.form["files file"]], "errors": []})
    if call.json["voice_mode"] == "clone" and not call.json["reference_audio_filename"].startswith("voice_"):
        return call.say(404, {"detail": "Reference audio file not found"})
    return call.whole(whole_wav(spoken(SECONDS)))


@dataclass(frozen=True)
class Dialect:
    """answer: the server. rate: of its speech. more: settings besides server and reference. speech: paths that speak."""

    engine: str
    answer: object
    rate: int
    speech: tuple
    more: dict

    def __str__(self):
        return self.answer.__name__


DIALECTS = [
    Dialect("gpt-sovits", gpt_sovits, 32000, ("/tts",), {}),
    Dialect("gpt-sovits-v1", gpt_sovits_v1, 32000, ("/",), {}),
    Dialect("fish-speech", fish_speech, 44100, ("/v1/tts",), {}),
    Dialect("cosyvoice", cosyvoice, 24000, ("/inference_zero_shot",), {}),
    Dialect("xtts", xtts, 24000, ("/tts_to_audio/", "/tts_stream"), {}),
    Dialect("xtts-streaming", xtts_streaming, 24000, ("/tts", "/tts_stream"), {}),
    Dialect("openai", kokoro, 24000, ("/v1/audio/speech",), {"voice": "af_heart"}),
    Dialect("openai", vllm_omni, 24000, ("/v1/audio/speech",), {}),
    Dialect("chatterbox-server", chatterbox_server, 24000, ("/tts",), {}),
]
