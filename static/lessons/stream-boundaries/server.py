import socket, sys, time

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, 9000))
server.listen()
conn, address = server.accept()
server.close()

time.sleep(0.5)  # busy with something else
data = conn.recv(1024)
print("one recv:", data)
conn.send(b"next")

while True:
    data = conn.recv(4)  # at most 4 bytes
    if not data:
        break
    print("recv(4):", data)

conn.close()
