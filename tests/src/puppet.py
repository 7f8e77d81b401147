"""Makes the socket calls that it reads, one JSON object a line, and prints what the kernel answered."""
import errno, fcntl, json, os, socket, struct, sys, threading

FAMILY = {"inet": socket.AF_INET, "inet6": socket.AF_INET6, "unix": socket.AF_UNIX}
TYPE = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM}
HOW = {"read": socket.SHUT_RD, "write": socket.SHUT_WR, "both": socket.SHUT_RDWR}
LEVEL = {"SO": socket.SOL_SOCKET, "TCP": socket.IPPROTO_TCP}
TCP_USER_TIMEOUT = 18
sockets, later = {}, {}


def read(sock, text):
    if sock.family == socket.AF_UNIX:
        return text
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def written(address):
    if isinstance(address, tuple):
        return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
    return address.decode() if isinstance(address, bytes) else address


def option(sock, step, value=None):
    name = step["option"]
    if name == "O_NONBLOCK":
        if value is None:
            return int(bool(fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK))
        return sock.setblocking(not value)
    level = LEVEL[name.split("_")[0]]
    number = TCP_USER_TIMEOUT if name == "TCP_USER_TIMEOUT" else getattr(socket, name)
    if name == "SO_LINGER":
        if value is None:
            on, seconds = struct.unpack("ii", sock.getsockopt(level, number, 8))
            return seconds if on else -1
        return sock.setsockopt(level, number, struct.pack("ii", value >= 0, max(value, 0)))
    return sock.getsockopt(level, number) if value is None else sock.setsockopt(level, number, value)


def make(step):
    call = step["call"]
    if call == "socket":
        sock = socket.socket(FAMILY[step["family"]], TYPE[step["type"]])
        sockets[sock.fileno()] = sock
        return {"fd": sock.fileno()}
    sock = sockets.get(step["fd"])
    if sock is None:
        raise OSError(errno.EBADF, "")
    if call == "accept":
        accepted, peer = sock.accept()
        sockets[accepted.fileno()] = accepted
        return {"fd": accepted.fileno(), "peer": written(peer)}
    if call in ("bind", "connect"):
        getattr(sock, call)(read(sock, step["address"]))
    elif call == "listen":
        sock.listen(step["backlog"])
    elif call == "send":
        return {"bytes": sock.send(step["text"].encode())}
    elif call == "sendto":
        return {"bytes": sock.sendto(step["text"].encode(), read(sock, step["address"]))}
    elif call in ("recv", "recvfrom"):
        data, _, flags, sender = sock.recvmsg(step["size"])
        value = {"bytes": len(data), "text": data.decode()}
        if call == "recvfrom" and sock.type == socket.SOCK_DGRAM and sender is not None:
            value["from"] = written(sender)
        if flags & socket.MSG_TRUNC:
            value["truncated"] = True
        return value
    elif call == "shutdown":
        sock.shutdown(HOW[step["how"]])
    elif call == "close":
        del sockets[step["fd"]]
        sock.close()
    elif call == "setsockopt":
        option(sock, step, step["value"])
    elif call == "getsockopt":
        return {"value": option(sock, step)}
    elif call in ("getsockname", "getpeername"):
        return {"address": written(getattr(sock, call)())}
    return {}


def outcome(step):
    try:
        return {"value": make(step)}
    except OSError as error:
        # 95 has two names on Linux; errno(3) explains that Python knows the other one first.
        name = errno.errorcode.get(error.errno, str(error))
        return {"errno": "EOPNOTSUPP" if name == "ENOTSUP" else name}


def in_thread(step):
    box = {}
    thread = threading.Thread(target=lambda: box.update(outcome(step)), daemon=True)
    thread.start()
    later[step["later"]] = (thread, box)


for line in sys.stdin:
    step = json.loads(line)
    if "later" in step:
        in_thread(step)
        answer = {}
    elif "finish" in step:
        thread, answer = later.pop(step["finish"])
        thread.join(25)
    else:
        answer = outcome(step)
    print(json.dumps(answer), flush=True)

# Without the calls that objects make when they go.
os._exit(0)
