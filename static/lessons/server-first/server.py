import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(1)
print("waiting for a client")
conn, address = server.accept()
print("connected by", address)

data = conn.recv(1024)
print("received", data)
conn.send(data)
conn.recv(1024)  # waits until the client closes
conn.close()
server.close()
