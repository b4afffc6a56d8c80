"""Reading H.264 and H.265 from RTSP cameras over TCP.

libav reads a connection piece by piece, three calls of the kernel and a wait for each RTP packet:
with a hundred cameras that costs as much as all looks. Here a connection is emptied in one call
and taken apart in memory, for less (docs/performance.md). What is packed in other ways is left to
libav.
"""
