"""Pictures and sound: thin layers over PyAV, OpenCV and C2PA."""
