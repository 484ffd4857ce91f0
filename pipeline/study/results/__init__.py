"""What was measured, from the store and from committed files: judged, exported, told, published, advised on."""
