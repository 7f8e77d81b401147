import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((HOST, 9000))

data, address = sock.recvfrom(1024)
print(address, "says", data)
sock.sendto(data.upper(), address)

sock.close()
