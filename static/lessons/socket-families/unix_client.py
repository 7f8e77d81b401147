import socket

PATH = "echo.sock"

# family, type, protocol
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)
sock.connect(PATH)
sock.send(b"hello")
data = sock.recv(1024)
print("received", data)
sock.close()
