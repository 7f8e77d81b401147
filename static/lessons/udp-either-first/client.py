import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(3)  # seconds

sock.sendto(b"hello", (HOST, 9000))
try:
    data, address = sock.recvfrom(1024)
    print(address, "answers", data)
except TimeoutError:
    print("no answer, and no error either")

sock.close()
