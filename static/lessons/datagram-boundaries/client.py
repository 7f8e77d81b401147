import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

sock.sendto(b"AAA", (HOST, 9000))
sock.sendto(b"BBB", (HOST, 9000))

sock.sendto(b"ABCDEFGHIJ", (HOST, 9000))  # 10 bytes
sock.sendto(b"after", (HOST, 9000))

sock.sendto(b"", (HOST, 9000))  # 0 bytes
sock.sendto(b"goodbye", (HOST, 9000))

sock.close()
