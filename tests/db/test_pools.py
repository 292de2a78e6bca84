"""Connections of the byte paths are used again in the order that is quick: the one given back last comes first."""

from __future__ import annotations

import asyncio

from geo_service.db.database import Database


def test_the_byte_paths_get_the_connection_that_was_given_back_last(empty_database: Database) -> None:
    async def used() -> tuple[list[int], list[int]]:
        pool = empty_database.async_pool(size=4)
        await pool.open(wait=True)
        several = [await pool.getconn() for _ in range(4)]
        for connection in several:
            await pool.putconn(connection)
        again = []
        for _ in range(6):
            async with pool.connection() as connection:
                again.append(connection.info.backend_pid)
        first, second = await pool.getconn(), await pool.getconn()
        both = [first.info.backend_pid, second.info.backend_pid]
        expected = [one.info.backend_pid for one in several]
        for connection in (first, second):
            await pool.putconn(connection)
        await pool.close()
        assert both == expected[:-3:-1]
        return again, expected

    again, given_back = asyncio.run(used())
    assert again == [given_back[-1]] * 6
