import socket, sys, time

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
SIZE = 60_000

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
server.bind((HOST, 9000))
server.listen()
conn, address = server.accept()
server.close()

time.sleep(2)  # too busy to read
data = conn.recv(SIZE, socket.MSG_WAITALL)
print("read", len(data), "bytes")

conn.recv(1)  # b"": the client has closed
conn.close()
