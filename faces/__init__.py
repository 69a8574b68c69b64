"""Find a face, lay the mesh on it, follow it through the film, choose whose mouth shall speak."""
