"""MicroPie on uvicorn: `python3 micropie_python.py <work>`; prints its port."""

import asyncio
import socket
import sys

import uvicorn
from micropie import App

ROUTES = 1000
CHUNK = "x" * 16 * 1024
CHUNKS = 64


def hello(name="Guest"):
    return f"Hello, {name}!"


class Root(App):
    async def greet(self, name="Guest"):
        return hello(name)

    async def form(self, name="Guest"):
        return hello(name)

    async def json(self, name):
        return {"name": name}

    async def visits(self):
        session = self.request.session
        session["visits"] = session.get("visits", 0) + 1
        return f"Visit {session['visits']}"

    async def stream(self):
        async def chunks():
            for _ in range(CHUNKS):
                yield CHUNK

        return chunks()


def greeting():
    async def route(self, name="Guest"):
        return hello(name)

    return route


def with_many_methods():
    return type("Many", (App,), {f"route{index}": greeting() for index in range(ROUTES)})


if __name__ == "__main__":
    app = with_many_methods()() if sys.argv[1] == "routes" else Root()
    # With the protocol named, or asyncio leaves Nagle's algorithm on.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, access_log=False, log_level="error", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
