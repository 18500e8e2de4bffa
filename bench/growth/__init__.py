"""What a library costs as it grows, from a thousand passages to a million."""
