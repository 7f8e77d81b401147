//! What goes wrong, in English: what the server says, word by word.

use super::Troubles;

pub(super) const TROUBLES: Troubles = Troubles {
    sentences: [
        ("title/no-such-room", "No such room"),
        ("title/no-such-program", "No such program"),
        ("title/no-such-call", "No such call"),
        ("title/no-such-host", "No such host"),
        ("title/no-such-packet", "No such packet"),
        ("title/no-such-lesson", "No such lesson"),
        ("title/no-lesson", "No lesson"),
        ("title/nothing-to-step", "Nothing to let go"),
        ("title/no-open-question", "No open question"),
        ("title/makes-its-own-calls", "It makes its own calls"),
        ("title/no-lab", "No lab"),
        ("title/name-taken", "Name taken"),
        ("title/ended", "Program ended"),
        ("title/malformed", "Malformed request"),
        ("title/too-long", "Too long"),
        ("title/full", "Limit reached"),
        ("title/out-of-reach", "Out of reach"),
        ("title/no-key", "Host key needed"),
        ("title/foreign-host", "Not this server's name"),
        ("title/foreign-origin", "Another site's page"),
        ("title/unable", "The machine does not allow it"),
        ("title/no-such-path", "No such path"),
        ("title/wrong-method", "Wrong method"),
        (
            "no-such-room",
            "There is no room \"{room}\", or it has ended. GET /api/rooms lists those that exist.",
        ),
        ("no-such-program", "No living program of this room is called \"{program}\"."),
        ("no-such-call", "Call {id} is not waiting: it has returned, or never was."),
        ("no-such-host", "No host of this room is called \"{host}\"."),
        (
            "no-such-packet",
            "The wire does not hold packet {packet}: it has gone, or never was there.",
        ),
        (
            "no-lab",
            "This room is on the machine's own network, which has neither hosts nor a wire of ours. Make a room with \"network\": \"lab\".",
        ),
        (
            "name-taken/host",
            "A host called \"{host}\" is in this room. Choose another name, or none.",
        ),
        (
            "name-taken/program",
            "A program called \"{program}\" is alive in this room. Choose another name, or none.",
        ),
        (
            "no-such-lesson",
            "There is no lesson \"{lesson}\". GET /api/lessons lists those that there are.",
        ),
        (
            "no-lesson",
            "This room is for no lesson. Make a room with \"lesson\": one of those that GET /api/lessons lists.",
        ),
        (
            "nothing-to-step/over",
            "The lesson is over: all of its programs have ended. Reset begins it anew.",
        ),
        ("nothing-to-step/runs", "The lesson runs: calls go by themselves."),
        ("nothing-to-step/anew", "The lesson has begun anew."),
        (
            "nothing-to-step/question",
            "There is a question to be answered first: reveal the answer, then the step goes on.",
        ),
        (
            "nothing-to-step/none",
            "No call waits to be let go: each program waits in the kernel for another, or has ended.",
        ),
        (
            "nothing-to-step/other",
            "What waits to be let go has to wait for something else in the lesson, or is another program's.",
        ),
        ("no-open-question", "The lesson asks nothing at the moment, or another question."),
        (
            "makes-its-own-calls",
            "\"{program}\" is a program of the lesson: its calls are those of its source. Start a program of your own beside it.",
        ),
        ("no-such-path", "GET /api/openapi.json describes what there is."),
        (
            "wrong-method",
            "This path exists, but not for this method. GET /api/openapi.json describes what there is.",
        ),
        ("ended", "\"{program}\" has ended, and its sockets are closed."),
        ("malformed", "{why}"),
        (
            "malformed/address",
            "\"{text}\" is not an address: write \"127.0.0.1:9000\" or \"[::1]:9000\".",
        ),
        ("malformed/needs-fd", "{call} needs an \"fd\"."),
        ("malformed/no-fd", "{call} takes no \"fd\"."),
        ("malformed/bytes", "{why}"),
        ("malformed/chance", "\"{name}\" is a chance: between 0 and 1."),
        ("malformed/time", "\"{name}\" is between 0 and {limit} milliseconds."),
        ("malformed/nth", "\"nth\" is at least 1: the next packet of its kind."),
        ("too-long/request", "A request may have at most {limit} bytes."),
        ("too-long/wait", "The wait for a call may have at most {limit} milliseconds."),
        ("too-long/unix-name", "A Unix socket's name may have at most {limit} bytes."),
        ("too-long/payload", "A payload may have at most {limit} bytes."),
        ("too-long/received", "What one call receives may have at most {limit} bytes."),
        ("too-long/linger", "SO_LINGER may have at most {limit} seconds."),
        ("too-long/rules", "The list may have at most {limit} rules."),
        ("too-long/messages", "A client's script may have at most {limit} messages."),
        ("too-long/rounds", "A client's script may have at most {limit} rounds."),
        (
            "too-long/pace",
            "The time from one call to the next may have at most {limit} milliseconds.",
        ),
        (
            "full/viewers",
            "There are {limit} viewers already, the most there may be. Try again when somebody has left.",
        ),
        ("full/answers", "There are {limit} answers already, the most there may be."),
        (
            "full/lessons",
            "There are {limit} lessons running already, the most there may be. Delete the room of one that is no longer needed.",
        ),
        (
            "full/rooms",
            "There are {limit} rooms already, the most there may be. Delete one that is no longer needed.",
        ),
        (
            "full/hosts",
            "There are {limit} hosts in this room already, the most there may be. Delete the room and make another.",
        ),
        (
            "full/programs",
            "There are {limit} programs in this room already, the most there may be. End one that is no longer needed.",
        ),
        (
            "full/calls",
            "There are {limit} waiting calls in this program already, the most there may be. Give one up, or wait until one returns.",
        ),
        (
            "out-of-reach/unix",
            "\"{text}\" is not in the room's folder: a Unix socket's address is a plain file name, such as \"echo.sock\".",
        ),
        (
            "out-of-reach/inet",
            "{address} is not this machine's loopback, and this server's programs reach no further; `--reach any` lets them.",
        ),
        (
            "no-key",
            "Send \"Authorization: Bearer KEY\", or open the link of the server's \"ready:\" line: the key stands after its \"#key=\".",
        ),
        (
            "foreign-host",
            "This server does not answer to the name \"{host}\". Start it with --allow-host NAME where that is its name.",
        ),
        ("foreign-origin", "A page of \"{origin}\" may neither read nor command this server."),
        ("unable", "{why}"),
        ("unable/file", "No file could be made: {error}."),
        ("unable/room", "No room could be made: {error}."),
        ("unable/over", "The room has ended."),
        ("unable/lesson-over", "The lesson has ended with its room."),
        ("unable/lesson", "{why}"),
        ("malformed/lesson-needs-lab", "The lesson \"{lesson}\" needs the lab."),
        ("unable/lesson-has-no-lab", "The lesson \"{lesson}\" needs the lab: {why}"),
        (
            "unable/loopback",
            "This machine does not let the server confine sockets to loopback ({error}; an ordinary user may from Linux 5.7 on): start it with `--reach any` where its programs may reach other machines.",
        ),
        (
            "unable/old-python",
            "Lessons are programs in Python, and this machine's python3 is older than 3.10 or without ctypes: install the package python3.",
        ),
        (
            "unable/no-python",
            "Lessons are programs in Python, and python3 cannot be started here ({error}): install the package python3.",
        ),
        (
            "unable/no-observer",
            "The observer of lessons has not been built: `cargo xtask observer` builds it.",
        ),
        (
            "unable/observer-not-loaded",
            "This machine's python3 cannot load the observer of lessons: {why} It takes CPython from 3.10 on, and a temporary folder (TMPDIR) from which programs may run.",
        ),
        ("unable/observer", "The observer of lessons cannot be written to {file}: {error}."),
        ("name/empty", "A name needs at least one visible character."),
        ("name/too-long", "A name has at most {limit} characters."),
        ("name/unprintable", "A name has no control characters."),
        ("unreachable", "The browser says: {why}"),
        (
            "obstacle/by-choice",
            "The server was started with --network host; with auto it offers the lab where that is possible.",
        ),
        (
            "obstacle/no-state",
            "The kernel does not tell what state sockets are in ({error}). Its sock_diag is needed: `sudo modprobe inet_diag tcp_diag udp_diag`.",
        ),
        (
            "obstacle/no-packet-sockets",
            "This kernel has no packet sockets, so nothing can be captured ({error}). `sudo modprobe af_packet`, or a kernel with CONFIG_PACKET, has them.",
        ),
        (
            "obstacle/no-capture",
            "Packets on this machine's own network are not seen here, since the server may not capture ({error}). It may as root, after `sudo setcap cap_net_raw+ep` on the binary or, in a container, with `--cap-add NET_RAW`. The lab does not need it.",
        ),
        (
            "obstacle/no-capture/loopback",
            "A host's loopback cannot be seen: the right to capture (CAP_NET_RAW) is missing ({error}). Start socketscope as root; in a container, with `--cap-add NET_RAW`.",
        ),
        (
            "obstacle/no-user-namespaces/container",
            "This container may not make namespaces, and the lab's hosts are made of them ({error}). Start it with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun`.",
        ),
        (
            "obstacle/user-namespaces-off",
            "This machine does not let ordinary users make user namespaces, which the lab needs ({error}). `sudo sysctl kernel.unprivileged_userns_clone=1` lets them; or start socketscope as root.",
        ),
        (
            "obstacle/user-namespaces-restricted",
            "AppArmor keeps ordinary programs from using user namespaces, which the lab needs ({error}). `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` lets them; or start socketscope as root.",
        ),
        (
            "obstacle/user-namespace-limit",
            "There may be no more user namespaces, and the lab needs one ({error}). `sudo sysctl user.max_user_namespaces=15000` allows more; or start socketscope as root.",
        ),
        (
            "obstacle/no-user-namespaces",
            "This machine does not let ordinary users make user namespaces, which the lab needs ({error}). Start socketscope as root, or see what keeps them back: a security policy, a container, or a kernel without CONFIG_USER_NS.",
        ),
        (
            "obstacle/network-namespace-limit",
            "There may be no more network namespaces, and each host of the lab is one ({error}). End rooms that are no longer needed, or `sudo sysctl user.max_net_namespaces=15000`.",
        ),
        (
            "obstacle/no-network-namespaces",
            "No network namespace can be made, and each host of the lab is one ({error}). It takes root or a user namespace, and a kernel with CONFIG_NET_NS.",
        ),
        (
            "obstacle/no-tun",
            "There is no /dev/net/tun, the device that the lab's wire is made of ({error}). `sudo modprobe tun` brings it; in a container, `--device /dev/net/tun`.",
        ),
        (
            "obstacle/no-tun/other",
            "/dev/net/tun is not the kernel's device that the lab's wire is made of ({error}). `sudo modprobe tun` brings it; in a container, `--device /dev/net/tun`.",
        ),
        (
            "obstacle/tun-refused",
            "/dev/net/tun, which the lab's wire is made of, may not be used ({error}). `sudo chmod 0666 /dev/net/tun` lets everybody use it, as on most machines: it gives nobody a right in any network.",
        ),
        (
            "obstacle/no-net-admin",
            "A host's network card cannot be made: the right to it (CAP_NET_ADMIN) is missing, or a container keeps /dev/net/tun away ({error}). Start socketscope as root; in a container, with `--cap-add NET_ADMIN --device /dev/net/tun`.",
        ),
        (
            "obstacle/other/resources",
            "There are no more descriptors, or no memory, for another host of the lab ({error}). End rooms that are no longer needed; `ulimit -n` says how many descriptors the server may have.",
        ),
        (
            "obstacle/other",
            "A host of the lab cannot be set up ({error}). `socketscope doctor` tells which step fails.",
        ),
        (
            "This program could not be started: {error}.",
            "This program could not be started: {error}.",
        ),
        (
            "(… {bytes} more bytes: {limit} are kept of what a program prints)",
            "(… {bytes} more bytes: {limit} are kept of what a program prints)",
        ),
        (
            "(a process that the program has forked is not observed)",
            "(a process that the program has forked is not observed)",
        ),
    ],
};
