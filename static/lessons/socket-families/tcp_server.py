import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(1)
conn, address = server.accept()

data = conn.recv(1024)
print("received", data)
conn.send(data)
conn.recv(1024)  # waits until the client closes
conn.close()
server.close()
