"""MediaPipe's face networks (Apache-2.0): BlazeFace finds, the mesh follows, the iris network reads eyes."""
