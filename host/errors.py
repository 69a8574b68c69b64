"""What can go wrong, as types. Each message is one sentence that names the input, what is wrong and what to do."""


class TalkingAvatarError(Exception):
    """Base of every error a person may cause or mend. `exit_code` is what the terminal command returns."""

    exit_code = 1


class InputError(TalkingAvatarError):
    """A film, photo, sound, text or setting that cannot be used as it is."""

    exit_code = 2


class MissingModel(TalkingAvatarError):
    """A network's weights are not on this machine, or are not what they should be."""

    exit_code = 3


class OutputError(TalkingAvatarError):
    """The result cannot be written: no room, no right, no encoder."""

    exit_code = 4


class ServerError(TalkingAvatarError):
    """A server that the user runs does not answer, answers with an error, or with something that is no sound."""

    exit_code = 5


class Cancelled(BaseException):
    """The user stopped the work. Not an Exception: a broad handler must never swallow it."""

    exit_code = 130
