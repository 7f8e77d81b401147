import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((HOST, 9000))

data, address = sock.recvfrom(1024)
print(data)
data, address = sock.recvfrom(1024)
print(data)

data, address = sock.recvfrom(4)  # room for 4 bytes
print(data)
data, address = sock.recvfrom(1024)
print(data)

data, address = sock.recvfrom(1024)
print(data)
data, address = sock.recvfrom(1024)
print(data)

sock.close()
