"""What runs at corpus scale on a cluster; it imports `vad`, never the reverse."""
