import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
NAME = sys.argv[2] if len(sys.argv) > 2 else "somebody"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

for number in (1, 2):
    message = f"{NAME} {number}"
    sock.sendto(message.encode(), (HOST, 9000))
    data, address = sock.recvfrom(1024)
    print(address, "answers", data)

sock.close()
