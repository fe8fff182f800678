from typing import Literal

Language = Literal["en", "ar", "fr"]
