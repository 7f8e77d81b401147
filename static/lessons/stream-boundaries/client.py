import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect((HOST, 9000))

sock.send(b"AAA")
sock.send(b"BBB")
sock.recv(1024)  # wait for "next"

sock.send(b"ABCDEFGHIJKL")
sock.close()
