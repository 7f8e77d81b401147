import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
NAME = sys.argv[3] if len(sys.argv) > 3 else "somebody"

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect((HOST, PORT))
sock.send(NAME.encode())
data = sock.recv(1024)
print("answer:", data)
sock.close()
