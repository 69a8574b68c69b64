"""LatentSync: the networks that redraw the lower face of a film by what is heard (Li et al. 2024, "LatentSync: Taming Audio-Conditioned
Latent Diffusion Models for Lip Sync with SyncNet Supervision"). `unet.py` is the denoiser, `networks.py` hands the networks out,
`checkpoint_set.py` finds their files."""
