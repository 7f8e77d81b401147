import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(5)

for _ in range(2):
    conn, address = server.accept()
    while True:
        data = conn.recv(1024)
        if not data:  # 0 bytes: no more will come
            break
        print("received", data)
        conn.send(data)
    print("end of stream")
    conn.close()
server.close()
