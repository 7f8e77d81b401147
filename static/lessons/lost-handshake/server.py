import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen()

for _ in range(3):
    conn, address = server.accept()
    data = conn.recv(1024)
    print(address, "says", data)
    conn.recv(1024)  # b"": the client has closed
    conn.close()

server.close()
