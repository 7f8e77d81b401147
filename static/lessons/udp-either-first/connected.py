import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((HOST, 9000))  # sends nothing

sock.send(b"hello")
try:
    data = sock.recv(1024)
    print("answer:", data)
except ConnectionRefusedError as error:
    print("recv failed:", error)

sock.close()
