import socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    server.bind((HOST, 9000))
except OSError as error:
    print("without the option:", error)
server.close()

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, 9000))
print("with the option: bound")
server.listen()
server.close()
