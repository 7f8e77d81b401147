import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9001))
server.listen(5)

conn, address = server.accept()
for _ in range(4):  # "while True" would never end
    data = conn.recv(1024)
    print("received", data)
    conn.send(data)
conn.close()
server.close()
