"""What each family of networks expects in its input tensor."""

from models.letterbox import InputForm

ULTRALYTICS_INPUT = InputForm(centred=True, rgb=True, scale=1 / 255)
YOLOX_INPUT = InputForm(centred=False, rgb=False, scale=1.0)
