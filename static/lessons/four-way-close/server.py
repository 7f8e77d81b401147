import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, 9000))
server.listen()

# The first client ends first.
conn, address = server.accept()
words = conn.recv(1024)
conn.recv(1024)  # b"": no more from the client
conn.send(words.upper())
conn.close()

# With the second one, this side ends first.
conn, address = server.accept()
server.close()
conn.send(b"We are closing.")
conn.shutdown(socket.SHUT_WR)
conn.recv(1024)  # b"": the client has ended, too
conn.close()
