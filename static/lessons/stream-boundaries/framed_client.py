import socket, struct, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

def frame(message):
    return struct.pack("!I", len(message)) + message

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect((HOST, 9000))

# Two messages in one send,
sock.send(frame(b"AAA") + frame(b"BBB"))

# and one message in two.
data = frame(b"ABCDEFGHIJKL")
sock.send(data[:9])
sock.send(data[9:])

sock.close()
