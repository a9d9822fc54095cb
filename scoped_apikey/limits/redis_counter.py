# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counts permits in Redis, for which PostgreSQL then has nothing to do.

The counts are as reliable as that Redis is kept. One that is flushed, restarted without
persistence, failed over to a replica that lags, or evicts keys to make room, begins to
count anew: what was taken of the window is granted a second time, at most. Give it
``maxmemory-policy noeviction``; when it is full it then refuses, and nothing is granted.
"""

from datetime import datetime
from time import monotonic
from urllib.parse import quote

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:
    redis = None

from .counter import CounterUnreachable, Taken

TIMEOUT = 1  # seconds, to connect and for each answer
ATTEMPT = 3 * TIMEOUT  # to connect, to be let in, to be answered
PAUSE = 1  # seconds in which a counter that could not be reached is left alone
SLACK = 600
"""Seconds that a count is kept when its window is over: for hosts whose clocks are late."""

# A count is made together with the time at which it goes. That runs from the first permit
# and by Redis's own clock, so that no clock has to agree with another.
TAKE = """
local wanted, limit, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local taken = tonumber(redis.call('GET', KEYS[1]) or 0)
local granted = math.max(0, math.min(wanted, limit - taken))
if taken == 0 then
    redis.call('SET', KEYS[1], granted, 'EX', kept)
elseif granted > 0 then
    redis.call('INCRBY', KEYS[1], granted)
end
return {granted, taken + granted}
"""


class RedisCounter:
    """A counter for all threads of a process, and for those that are forked from it.

    :param url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py takes it, which has
        its options after a question mark
    :raise CounterUnreachable: it is no such URL, or redis-py is not installed
    """

    def __init__(self, url: str):
        if redis is None:
            raise CounterUnreachable("The Python package redis is not installed.")
        try:
            # Its pool sees to it that no two threads share a connection, nor two processes.
            client = redis.Redis.from_url(
                url,
                socket_connect_timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                # An answer that is lost may lose permits. To ask again would lose more.
                retry=Retry(NoBackoff(), 0),
                # Version 3 lets the server make our timeouts longer.
                protocol=2,
            )
        except ValueError:
            # without its text, which may hold a part of the password
            raise CounterUnreachable("This is no URL of a Redis.") from None
        self._take = client.register_script(TAKE)
        self._problem = None
        self._left_alone_until = 0

    def take(
        self,
        space: str,
        subject: str,
        started: datetime,
        seconds: int,
        limit: int,
        wanted: int,
    ) -> Taken:
        """Take up to so many permits of a window, never beyond its limit.

        A request whose answer does not come may have been granted all the same: those
        permits are lost.

        :param space: what the subject is unique in: a database
        :param subject: what is counted, as ``key:12``
        :param started: when the window begins, naive, in UTC
        :param seconds: how long it is
        :param limit: how many there are in the window, at least 1
        :param wanted: at least 1
        :raise CounterUnreachable: nothing is known to be granted; for a second after that,
            at once
        """
        problem = self._problem
        if problem:
            if monotonic() < self._left_alone_until:
                raise CounterUnreachable(problem)
            # One tries, and may have to wait for it. The others need not.
            self._left_alone_until = monotonic() + ATTEMPT
        name = f"scoped_apikey:{quote(space, safe='')}:{subject}:{seconds}:{started:%Y%m%dT%H%M%S}"
        try:
            granted, total = self._take([name], [wanted, limit, seconds + SLACK])
        except Exception as error:  # an option in the URL can raise any
            problem = f"Redis does not count: {error}"
            self._left_alone_until = monotonic() + PAUSE
            self._problem = problem
            raise CounterUnreachable(problem) from error
        self._problem = None
        return Taken(granted, total)
