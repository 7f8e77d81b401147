import selectors, socket, sys

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, 9001))
server.listen()

selector = selectors.DefaultSelector()
selector.register(server, selectors.EVENT_READ)
ended = 0

while ended < 3:
    # Waits until at least one socket can be read.
    for key, events in selector.select():
        sock = key.fileobj
        if sock is server:
            conn, address = server.accept()
            selector.register(conn, selectors.EVENT_READ)
            continue
        data = sock.recv(1024)
        if not data:
            selector.unregister(sock)
            sock.close()
            ended += 1
        else:
            sock.send(data.upper())

server.close()
