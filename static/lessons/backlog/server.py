import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(2)

for _ in range(5):
    conn, address = server.accept()
    print("accepted", address)
    conn.send(b"your turn")
    conn.recv(1024)  # waits until the client closes
    conn.close()
server.close()
