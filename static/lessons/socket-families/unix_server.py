import os, socket

PATH = "echo.sock"
if os.path.exists(PATH):
    os.unlink(PATH)

server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(PATH)
server.listen(1)
conn, address = server.accept()

data = conn.recv(1024)
print("received", data)
conn.send(data)
conn.recv(1024)  # waits until the client closes
conn.close()
server.close()
