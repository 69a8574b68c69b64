"""Cut a face out, make its mask, match colour and grain, paste it back: one room for every engine."""
