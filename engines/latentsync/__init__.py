"""LatentSync: a diffusion model paints the lower face anew, sixteen frames at a time, by what is heard."""
