"""The picture itself 视频质量: does it still show what it should?"""
