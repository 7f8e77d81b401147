import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
SIZE = 60_000

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
sock.connect((HOST, 9000))

print("sending", SIZE, "bytes")
sock.sendall(bytes(SIZE))
print("sendall has returned")

sock.close()
