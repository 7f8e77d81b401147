import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen(5)

for _ in range(3):
    conn, address = server.accept()
    try:
        while True:
            data = conn.recv(1024)
            if not data:
                print("end of stream")
                break
            print("received", data)
            conn.send(data)
    except ConnectionResetError as error:
        print("connection lost:", error)
    conn.close()
server.close()
