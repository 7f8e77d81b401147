import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(5)

for _ in range(2):  # one round per client
    conn, address = server.accept()
    print("connected by", address)
    while True:  # one round per piece of data
        data = conn.recv(1024)
        if not data:
            break
        print("received", data)
        conn.send(data)
    conn.close()
server.close()
