import socket, sys, threading

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

def serve(conn):
    while True:
        data = conn.recv(1024)
        if not data:
            break
        conn.send(data.upper())
    conn.close()

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, 9000))
server.listen()

for _ in range(3):
    conn, address = server.accept()
    thread = threading.Thread(target=serve, args=[conn])
    thread.start()

server.close()
