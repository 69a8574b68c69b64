"""What ComfyUI shows: every node, under the key that workflows know it by. Keys never change."""
from __future__ import annotations

from .audio_encode import AudioEncode
from .avatar_frames import AvatarFrames
from .face_check import FaceCheck
from .lip_sync_embedded import LipSyncEmbedded
from .lip_sync_latentsync import LipSyncLatentSync
from .lip_sync_wav2lip import LipSyncWav2Lip
from .load_avatar_video import LoadAvatarVideo
from .roi_composite import ROIComposite
from .save_srt import SaveSRT
from .sonic_portrait import SonicPortrait
from .sync_score import SyncScore
from .transcribe_speech import TranscribeSpeech
from .video_combine import VideoCombine
from .voice_clone import VoiceClone

_NODES = (LoadAvatarVideo, FaceCheck, AudioEncode, LipSyncEmbedded, LipSyncWav2Lip, LipSyncLatentSync, SonicPortrait, ROIComposite,
          VideoCombine, AvatarFrames, SyncScore, VoiceClone, TranscribeSpeech, SaveSRT)

NODE_CLASS_MAPPINGS = {f"TA_{node.__name__}": node for node in _NODES}
NODE_DISPLAY_NAME_MAPPINGS = {key: node.TITLE for key, node in NODE_CLASS_MAPPINGS.items()}
