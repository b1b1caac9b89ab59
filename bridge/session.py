"""placeholder"""


class Session: ...
