"""Runs one program of a lesson as it is, and reports each of its socket calls: when it is entered, when it returns, and from
which line. Started by process.rs:

    python3 -B -u observer.py NUMBER FOLDER FILE [ARGUMENT ...]

NUMBER is for whoever lists processes: it tells a room's programs apart. Standard input is a socket to the server; the first
message on it brings two descriptors: of the memory that reports go into, and where permissions come from. The process that
was started watches over the program's: it ends all that comes of it when the server lets go of the socket, and tells how the
program ended.

A program cannot tell that it is observed, but by looking for it: `socket.socket` is a subclass whose methods do the same.
How a report gets to the server is lib.rs's business, beside this file.
"""

import _socket
import array
import atexit
import ctypes
import fcntl
import functools
import os
import select
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import types

import socketscope_observer

# Of linux/prctl.h: who gets orphans, and what happens to a child when its parent ends.
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# Where our own descriptors begin, so that the program's first socket is number 3 as anywhere else.
OUT_OF_THE_WAY = 900

# Bytes of a payload that a report shows (limits::SHOWN_BYTES).
SHOWN = 1024

# The calls, in the order of CallName::ALL.
(SOCKET, BIND, CONNECT, LISTEN, ACCEPT, SEND, SENDTO, RECV, RECVFROM, SHUTDOWN, CLOSE, SETSOCKOPT, GETSOCKOPT, GETSOCKNAME,
 GETPEERNAME) = range(15)

# The device that sockets are tied to, where they have to be: on the machine's own network, unless it may be left.
DEVICE = os.environ.pop("SOCKETSCOPE_DEVICE", "").encode()

# For `setsockopt`: O_NONBLOCK is no socket option, and stands for itself.
NONBLOCK = -1

raw = _socket.socket
plain, plain_select = socket.socket, select.select
raw_type, raw_family, fileno, raw_send, raw_recv = raw.type.__get__, raw.family.__get__, raw.fileno, raw.send, raw.recv
DGRAM = int(socket.SOCK_DGRAM)


# The program's side


# Where reports and permits go. `enter(call, fd, a, b, text, shown)` reports a call that is about to be made, once it may be,
# and `returned(entered, a, b, text, shown)` what it returned; they are globals, because a program makes thousands of calls a
# second.
reports = PERMITS = enter = returned = None

# Permits that came for others than who read them, and who reads.
permitted, reading, change = set(), False, threading.Condition()

# Sockets whose own address has been told.
named = set()


def failed(entered, error):
    # What getaddrinfo(3) returns is negative, and no errno.
    number = max(error.errno or 0, 0) if isinstance(error, OSError) else 0
    name, why = type(error).__name__.encode(), str(error).encode("utf-8", "replace")
    reports.failed(entered, number, name, why)


def waiting(what):
    """`what`, which may wait and makes no call on a socket, told where it begins and where it goes on."""
    @functools.wraps(what)
    def told(*positional, **named):
        line = reports.line(1)
        if line == (0, 0) or reports.is_over():
            return what(*positional, **named)
        reports.at(line, True)
        try:
            return what(*positional, **named)
        finally:
            reports.at(line, False)

    return told


def wait(ticket):
    """Waits until the server lets this call go. Of the threads that wait, one reads for all."""
    global reading
    with change:
        while ticket not in permitted:
            if reading:
                change.wait()
                continue
            reading = True
            change.release()
            try:
                permit = os.read(PERMITS, 4)
            except OSError:
                permit = b""
            finally:
                change.acquire()
                reading = False
                change.notify_all()
            if not permit:
                return
            permitted.add(struct.unpack("=I", permit)[0])
        permitted.discard(ticket)


def written(address):
    """An address as users write it."""
    if isinstance(address, tuple):
        host, port = address[0], address[1]
        return (f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}").encode("utf-8", "replace")
    if isinstance(address, str):
        return os.fsencode(address)
    if isinstance(address, (bytes, bytearray)):
        return b"@" + bytes(address[1:]) if address[:1] == b"\0" else bytes(address)
    return b"" if address is None else repr(address).encode("utf-8", "replace")


def own_address(of):
    try:
        return written(raw.getsockname(of))
    except OSError:
        return b""


def inode(fd):
    return os.fstat(fd).st_ino


def view_of(data):
    """The bytes of what is sent or received into; none where it has none: the call itself says what is wrong."""
    try:
        return memoryview(data).cast("B")
    except (TypeError, ValueError, BufferError):
        return memoryview(b"")


def joined(buffers):
    return b"".join(bytes(view_of(part)) for part in buffers)


class Socket(plain):
    """`socket.socket`, watched. Each method reports, and calls the one that it stands for."""

    __slots__ = ()

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is not None:
            return plain.__init__(self, family, type, proto, fileno)
        kind = (socket.SOCK_STREAM if type == -1 else type) & 0xF
        entered = enter(SOCKET, -1, socket.AF_INET if family == -1 else family, kind)
        try:
            plain.__init__(self, family, type, proto)
            if DEVICE and raw_family(self) in (socket.AF_INET, socket.AF_INET6):
                # As the server's own programs: what is not for this machine stays out (socket(7)).
                raw.setsockopt(self, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, DEVICE)
        except BaseException as error:
            failed(entered, error)
            raise
        fd = raw.fileno(self)
        named.discard(fd)
        returned(entered, fd, inode(fd))

    def bind(self, address, /):
        entered = enter(BIND, raw.fileno(self), text=written(address))
        try:
            raw.bind(self, address)
        except BaseException as error:
            failed(entered, error)
            raise
        named.add(entered[2])
        returned(entered, text=own_address(self))

    def listen(self, backlog=None, /):
        entered = enter(LISTEN, raw.fileno(self), min(socket.SOMAXCONN, 128) if backlog is None else backlog)
        try:
            raw.listen(self) if backlog is None else raw.listen(self, backlog)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, text=own_address(self))

    def connect(self, address, /):
        entered = enter(CONNECT, raw.fileno(self), text=written(address))
        try:
            raw.connect(self, address)
        except BaseException as error:
            failed(entered, error)
            raise
        self._connected(entered, address)

    def connect_ex(self, address, /):
        entered = enter(CONNECT, raw.fileno(self), text=written(address))
        try:
            number = raw.connect_ex(self, address)
        except BaseException as error:
            failed(entered, error)
            raise
        if number:
            failed(entered, OSError(number, os.strerror(number)))
        else:
            self._connected(entered, address)
        return number

    def _connected(self, entered, address):
        named.add(entered[2])
        try:
            peer = written(raw.getpeername(self))
        except OSError:
            peer = written(address)
        returned(entered, text=own_address(self) + b"\n" + (peer or written(address)))

    def _accept(self):
        entered = enter(ACCEPT, raw.fileno(self))
        try:
            fd, address = raw._accept(self)
        except BaseException as error:
            failed(entered, error)
            raise
        accepted = raw(raw_family(self), raw_type(self), 0, fd)
        try:
            pid = 0
            if raw_family(self) == socket.AF_UNIX:
                pid = struct.unpack("3i", raw.getsockopt(accepted, socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            text = b"\n".join((written(address), own_address(accepted), str(pid).encode()))
        finally:
            raw.detach(accepted)
        named.add(fd)
        returned(entered, fd, inode(fd), text)
        return fd, address

    def send(self, data, flags=0, /):
        if type(data) is bytes:
            entered = enter(SEND, fileno(self), len(data), 0, b"", data[:SHOWN])
        else:
            view = view_of(data)
            entered = enter(SEND, fileno(self), view.nbytes, 0, b"", bytes(view[:SHOWN]))
        try:
            sent = raw_send(self, data, flags)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, sent)
        return sent

    def sendall(self, data, flags=0, /):
        view = view_of(data)
        if raw.gettimeout(self) is not None and view.nbytes:
            # Several calls, for the whole of which the timeout is (the library's reference says so).
            return self._send_in_time(view, flags)
        entered = enter(SEND, raw.fileno(self), view.nbytes, shown=bytes(view[:SHOWN]))
        try:
            raw.sendall(self, data, flags)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, view.nbytes)

    def _send_in_time(self, view, flags):
        timeout = raw.gettimeout(self)
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if timeout and not plain_select([], [self], [], max(left, 0))[1]:
                raise TimeoutError("timed out")
            view = view[self.send(view, flags):]
            if not view.nbytes:
                return

    def sendto(self, data, *rest):
        address = rest[-1] if rest else None
        view, fd = view_of(data), raw.fileno(self)
        entered = enter(SENDTO, fd, view.nbytes, text=written(address), shown=bytes(view[:SHOWN]))
        try:
            sent = raw.sendto(self, data, *rest)
        except BaseException as error:
            failed(entered, error)
            raise
        # The first one gives the socket its address.
        text = b"" if fd in named else own_address(self)
        named.add(fd)
        returned(entered, sent, text=text)
        return sent

    def sendmsg(self, buffers, ancdata=(), flags=0, address=None, /):
        fd = raw.fileno(self)
        # It may be something that can be gone through only once.
        buffers = list(buffers) if hasattr(buffers, "__iter__") else buffers
        data = joined(buffers) if isinstance(buffers, list) else b""
        call = SEND if address is None else SENDTO
        entered = enter(call, fd, len(data), text=written(address), shown=data[:SHOWN])
        try:
            sent = raw.sendmsg(self, buffers, ancdata, flags, address)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, sent)
        return sent

    def _sendfile_use_sendfile(self, file, offset=0, count=None):
        # What the kernel copies by itself is not seen: the library has another way.
        raise socket._GiveupOnSendfile("observed")

    def recv(self, size, flags=0, /):
        if raw_type(self) & 0xF == DGRAM or flags:
            return self._receive(RECV, size, flags)[0]
        entered = enter(RECV, fileno(self), size)
        try:
            data = raw_recv(self, size)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, len(data), 0, b"", data[:SHOWN])
        return data

    def recvfrom(self, size, flags=0, /):
        return self._receive(RECVFROM, size, flags)

    def _receive(self, call, size, flags):
        entered = enter(call, raw.fileno(self), size)
        try:
            if raw_type(self) & 0xF == socket.SOCK_DGRAM:
                # Only recvmsg(2) tells whether the datagram was longer.
                data, _, told, address = raw.recvmsg(self, size, 0, flags)
                cut = int(bool(told & socket.MSG_TRUNC))
            elif call == RECV:
                data, cut, address = raw.recv(self, size, flags), 0, None
            else:
                (data, address), cut = raw.recvfrom(self, size, flags), 0
        except BaseException as error:
            failed(entered, error)
            raise
        # What is only peeked at will be read again.
        cut |= 2 if flags & socket.MSG_PEEK else 0
        sender = written(address) if call == RECVFROM else b""
        returned(entered, len(data), cut, sender, data[:SHOWN])
        return data, address

    def recv_into(self, buffer, nbytes=0, flags=0):
        return self._receive_into(RECV, buffer, nbytes, flags)[0]

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        return self._receive_into(RECVFROM, buffer, nbytes, flags)

    def _receive_into(self, call, buffer, nbytes, flags):
        view = view_of(buffer)
        entered = enter(call, raw.fileno(self), nbytes or view.nbytes)
        try:
            if call == RECV:
                count, address = raw.recv_into(self, buffer, nbytes, flags), None
            else:
                count, address = raw.recvfrom_into(self, buffer, nbytes, flags)
        except BaseException as error:
            failed(entered, error)
            raise
        sender = written(address) if call == RECVFROM else b""
        returned(entered, count, 0, sender, bytes(view[:min(count, SHOWN)]))
        return count, address

    def recvmsg(self, size, *rest):
        entered = enter(RECVFROM, raw.fileno(self), size)
        try:
            message = raw.recvmsg(self, size, *rest)
        except BaseException as error:
            failed(entered, error)
            raise
        cut = int(bool(message[2] & socket.MSG_TRUNC))
        returned(entered, len(message[0]), cut, written(message[3]), message[0][:SHOWN])
        return message

    def recvmsg_into(self, buffers, *rest):
        buffers = list(buffers) if hasattr(buffers, "__iter__") else buffers
        views = [view_of(buffer) for buffer in buffers] if isinstance(buffers, list) else []
        entered = enter(RECVFROM, raw.fileno(self), sum(view.nbytes for view in views))
        try:
            message = raw.recvmsg_into(self, buffers, *rest)
        except BaseException as error:
            failed(entered, error)
            raise
        cut = int(bool(message[2] & socket.MSG_TRUNC))
        shown = joined(views)[:min(message[0], SHOWN)]
        returned(entered, message[0], cut, written(message[3]), shown)
        return message

    def shutdown(self, how, /):
        entered = enter(SHUTDOWN, raw.fileno(self), how)
        try:
            raw.shutdown(self, how)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered)

    def _real_close(self, _ss=raw):
        """`close`, once no file made by `makefile` needs the socket any more."""
        if raw.fileno(self) == -1:
            return _ss.close(self)
        entered = enter(CLOSE, raw.fileno(self))
        try:
            _ss.close(self)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered)

    def __del__(self):
        """Nobody has the socket any more: Python closes it."""
        fd = raw.fileno(self)
        if fd == -1 or reports.is_over():
            return raw.__del__(self)
        entered = enter(CLOSE, fd)
        # Python's own way would also ask for both addresses, for a warning that nobody sees.
        raw.close(self)
        returned(entered)

    def setsockopt(self, level, option, value, *rest):
        fd = raw.fileno(self)
        entered = enter(SETSOCKOPT, fd, option_of(level, option), number_of(level, option, value))
        try:
            raw.setsockopt(self, level, option, value, *rest)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered)

    def getsockopt(self, level, option, *rest):
        entered = enter(GETSOCKOPT, raw.fileno(self), option_of(level, option))
        try:
            value = raw.getsockopt(self, level, option, *rest)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, number_of(level, option, value))
        return value

    def settimeout(self, value, /):
        self._blocks(value is None, raw.settimeout, value)

    def setblocking(self, flag, /):
        self._blocks(bool(flag), raw.setblocking, flag)

    def _blocks(self, blocks, method, value):
        entered = enter(SETSOCKOPT, raw.fileno(self), NONBLOCK, int(not blocks))
        try:
            method(self, value)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered)

    def getsockname(self):
        return self._name(GETSOCKNAME, raw.getsockname)

    def getpeername(self):
        return self._name(GETPEERNAME, raw.getpeername)

    def _name(self, call, method):
        entered = enter(call, raw.fileno(self))
        try:
            address = method(self)
        except BaseException as error:
            failed(entered, error)
            raise
        returned(entered, text=written(address))
        return address


def option_of(level, option):
    return level << 32 | option if isinstance(level, int) and isinstance(option, int) else 0


def number_of(level, option, value):
    """An option's value as the journal has it."""
    if isinstance(value, int):
        return value
    value = bytes(view_of(value))
    if level == socket.SOL_SOCKET and option == socket.SO_LINGER and len(value) >= 8:
        on, seconds = struct.unpack("ii", value[:8])
        return seconds if on else -1
    return int.from_bytes(value[:4], sys.byteorder, signed=True)


def own_frames_out(trace):
    """A traceback without our own frames: the program's reader did not write them."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    if trace is not None:
        trace.tb_next = own_frames_out(trace.tb_next)
    return trace


def without_own_frames(walk):
    """One of traceback's ways through frames, without ours: for a program that writes down what it has caught."""
    def walked(start):
        return (step for step in walk(start) if step[0].f_code.co_filename != __file__)

    return walked


def show(kind, error, trace):
    seen, cause = set(), error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.__traceback__ = own_frames_out(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    sys.__excepthook__(kind, error, error.__traceback__)


def ending():
    fds = [fd for fd in range(3, OUT_OF_THE_WAY) if is_socket(fd)]
    reports.ending(b" ".join(b"%d" % fd for fd in fds))


def is_socket(fd):
    try:
        return (os.fstat(fd).st_mode & 0o170000) == 0o140000
    except OSError:
        return False


def forked():
    reports.stop()
    os.write(2, b"(a process that the program has forked is not observed)\n")


def run(folder, file, arguments, descriptors):
    """Becomes the program, as `python3 FILE` would be it."""
    global reports, enter, returned, PERMITS
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    memory, permits = descriptors
    names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    files = {os.path.join(folder, name): at for at, name in enumerate(names)}
    PERMITS = fcntl.fcntl(permits, fcntl.F_DUPFD_CLOEXEC, OUT_OF_THE_WAY)
    reports = socketscope_observer.Reports(memory, files, wait)
    enter, returned = reports.enter, reports.returned
    for fd in descriptors:
        os.close(fd)
    path = os.path.join(folder, file)
    with open(path, encoding="utf-8") as source:
        text = source.read()
    Socket.__name__ = Socket.__qualname__ = "socket"
    Socket.__module__ = "socket"
    Socket.__doc__ = plain.__doc__
    socket.socket = socket.SocketType = Socket
    sys.argv, sys.path[0], sys.excepthook = [path, *arguments], folder, show
    time.sleep, select.select = waiting(time.sleep), waiting(select.select)
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector"):
        if hasattr(selectors, name):
            kind = getattr(selectors, name)
            kind.select = waiting(kind.select)
    # The second is what the first has become inside of `traceback` with Python 3.11.
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        if hasattr(traceback, name):
            setattr(traceback, name, without_own_frames(getattr(traceback, name)))
    threading.excepthook = lambda it: it.exc_type is SystemExit or show(it.exc_type, it.exc_value, it.exc_traceback)
    main = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = path, __builtins__
    sys.modules["__main__"] = main
    atexit.register(ending)
    os.register_at_fork(after_in_child=forked)
    reports.started(os.getpid())
    exec(compile(text, path, "exec", dont_inherit=True), main.__dict__)


# The watcher's side


def processes_of(parent):
    """The processes whose parent is `parent`, by proc(5)."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    # After the command's name, which may have anything in it, come the state and the parent.
                    if int(stat.read().rpartition(b")")[2].split()[1]) == parent:
                        yield int(name)
            except (OSError, ValueError, IndexError):
                pass


def end_all():
    """Ends every process that has come of the program. Orphans come to us, so there is always another round."""
    while True:
        for pid in processes_of(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def watch_over(program):
    """Waits for the program's end, or for the server's word or end; then ends the rest, and tells how the program ended."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(awake, select.POLLIN)
    while True:
        ended = 0
        while True:
            # Orphans end too.
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == program:
                ended = 1
                code = os.waitstatus_to_exitcode(status)
            if pid in (0, program):
                break
        if ended:
            break
        for fd, _ in poll.poll():
            if fd == awake:
                os.read(awake, 64)
            elif os.read(0, 64) == b"":
                end_all()
                return
            else:
                os.kill(program, signal.SIGKILL)
    end_all()
    os.write(0, struct.pack("=i", code))


def receive_descriptors():
    with socket.socket(fileno=os.dup(0)) as server:
        size = array.array("i").itemsize
        _, ancillary, _, _ = server.recvmsg(1, socket.CMSG_SPACE(2 * size))
    descriptors = array.array("i")
    descriptors.frombytes(ancillary[0][2][: 2 * size])
    return list(descriptors)


def begin():
    folder, file, arguments = sys.argv[2], sys.argv[3], sys.argv[4:]
    descriptors = receive_descriptors()
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    watcher = os.getpid()
    program = os.fork()
    if program:
        for fd in descriptors:
            os.close(fd)
        # The server learns from the ends of the streams that nobody writes any more.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        watch_over(program)
        os._exit(0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != watcher:
        os._exit(1)
    run(folder, file, arguments, descriptors)


begin()
