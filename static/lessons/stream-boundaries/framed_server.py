import socket, struct, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

def recv_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen()
conn, address = server.accept()
server.close()

for _ in range(3):
    prefix = recv_exactly(conn, 4)
    (size,) = struct.unpack("!I", prefix)
    message = recv_exactly(conn, size)
    print("message:", message)

conn.recv(1)  # b"": the client has closed
conn.close()
