import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect((HOST, 9000))
sock.send(b"make me loud")
sock.shutdown(socket.SHUT_WR)

data = sock.recv(1024)
print("still received:", data)
sock.recv(1024)  # b"": the server has closed
sock.close()
