//! The form for a program with a role: its name, and what the role takes.

use socketscope_diagram::suggest;
use socketscope_protocol::{
    Client, Command, EchoServer, Family, HostName, NewProgram, Problem, ProgramName,
    Role::{self, *},
    limits::NAME_CHARS,
};
use web_sys::{Event, KeyboardEvent, SubmitEvent};

use super::{
    lobby::bad_name,
    parts::{button, labelled, options, problem_note, submit, text_field, tick},
};
use crate::{
    browser::spawn,
    dom::{El, el, value_of},
    reactive::RwSignal,
    state::{Room, room},
    words::{wording, words},
};

/// The form; it closes on Esc, and once the program has started.
pub(crate) fn role_form(close: impl Fn() + Copy + 'static) -> El {
    let (room, w) = (room(), words());
    let problem = RwSignal::new(None::<Problem>);
    let fields = Fields::new(room.peek(|model| suggest::free_address(model, Family::Inet, None)));
    // Another role lives at another address.
    let choose = move |event: Event| {
        let role = value_of(&event);
        fields.role.set(role);
        fields.suggest(room);
    };
    let choose_host = move |event: Event| {
        fields.host.set(value_of(&event));
        fields.suggest(room);
    };
    let hosts = room.peek(|model| {
        let names = model.lab().hosts().iter().map(|host| host.name.to_string());
        names.collect::<Vec<_>>()
    });
    let hosts = (!hosts.is_empty()).then(|| {
        let any = options([("", wording().lab.usual_host)]);
        let named = hosts.iter().map(|name| (name.as_str(), name.as_str()));
        let select = el("select").child(any).child(options(named)).on("change", choose_host);
        labelled("field", wording().lab.on_host, select)
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let body = match fields.program() {
            Ok(body) => body,
            Err(why) => return problem.set(Some(why)),
        };
        problem.set(None);
        spawn(async move {
            match room.ask(Command::Start { body }).await {
                Ok(_) => close(),
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    let role = el("select")
        .child(options(w.roles.iter().copied()))
        .live_prop("value", move || fields.role.get())
        .on("change", choose);
    let name = el("input")
        .attr("maxlength", NAME_CHARS.to_string())
        .attr("placeholder", w.optional)
        .attr("autocomplete", "off")
        .bind(fields.name);
    let buttons = [submit(w.start), button("btn bare", w.close, close)];
    el("form")
        .class("form")
        .attr("aria-label", w.start_other)
        .on("submit", send)
        .on("keydown", escape)
        .child(labelled("field", w.role_name, role))
        .child(labelled("field", w.program_name, name))
        .child(hosts)
        .live_child(move || fields.view())
        .child(el("div").class("row").child(buttons))
        .live_child(problem_note(problem))
}

/// What stands in the fields.
#[derive(Clone, Copy)]
struct Fields {
    role: RwSignal<String>,
    name: RwSignal<String>,
    host: RwSignal<String>,
    address: RwSignal<String>,
    backlog: RwSignal<String>,
    size: RwSignal<String>,
    concurrent: RwSignal<bool>,
    messages: RwSignal<String>,
    interval: RwSignal<String>,
    times: RwSignal<String>,
}

impl Fields {
    fn new(address: String) -> Self {
        let text = |text: String| RwSignal::new(text);
        let (server, client) = (EchoServer::at(&address), Client::of(&address));
        Self {
            role: text("tcp-echo-server".into()),
            name: text(String::new()),
            host: text(String::new()),
            address: text(address),
            backlog: text(server.backlog.to_string()),
            size: text(server.size.to_string()),
            concurrent: RwSignal::new(server.concurrent),
            messages: text(client.messages.join("\n")),
            interval: text(client.interval_ms.to_string()),
            times: text(client.times.to_string()),
        }
    }

    fn program(self) -> Result<NewProgram, Problem> {
        let name = match self.name.get_untracked().trim() {
            "" => None,
            name => Some(ProgramName::new(name).map_err(bad_name)?),
        };
        let host = HostName::new(&self.host.get_untracked()).ok();
        Ok(NewProgram { name, host, does: self.does()? })
    }

    /// Another role, or another host, has another address.
    fn suggest(self, room: Room) {
        let (role, host) = (self.role.get_untracked(), self.host.get_untracked());
        self.address.set(room.peek(|model| {
            let host = model.lab().hosts().iter().find(|it| it.name.as_str() == host);
            let host = host.map(|host| host.id);
            let known = suggest::server_address(model, &role);
            match role.as_str() {
                "unix-echo-server" => suggest::free_address(model, Family::Unix, host),
                "tcp-echo-server" | "udp-echo-server" => {
                    suggest::free_address(model, Family::Inet, host)
                }
                "unix-client" => known.unwrap_or_else(|| "echo.sock".into()),
                _ => known.unwrap_or_else(|| format!("{}:9000", suggest::ip(model, None))),
            }
        }));
    }

    fn does(self) -> Result<Role, Problem> {
        let (server, client) = (|| self.server(), || self.client());
        Ok(match self.role.get_untracked().as_str() {
            "tcp-echo-server" => TcpEchoServer(server()?),
            "tcp-client" => TcpClient(client()?),
            "udp-echo-server" => UdpEchoServer(server()?),
            "udp-client" => UdpClient(client()?),
            "unix-echo-server" => UnixEchoServer(server()?),
            "unix-client" => UnixClient(client()?),
            _ => Manual,
        })
    }

    fn server(self) -> Result<EchoServer, Problem> {
        Ok(EchoServer {
            address: self.address.get_untracked().trim().to_owned(),
            backlog: number(self.backlog)?,
            concurrent: self.concurrent.get_untracked(),
            size: number(self.size)?,
        })
    }

    fn client(self) -> Result<Client, Problem> {
        Ok(Client {
            address: self.address.get_untracked().trim().to_owned(),
            messages: self.messages.get_untracked().lines().map(str::to_owned).collect(),
            interval_ms: number(self.interval)?,
            times: number(self.times)?,
        })
    }

    fn view(self) -> Vec<El> {
        let w = words();
        let role = self.role.get();
        if role == "manual" {
            return Vec::new();
        }
        let pair = |one: (&str, _), other: (&str, _)| {
            el("div").class("pair").child([one, other].map(|(label, text)| field(label, text)))
        };
        let address = field(w.address, self.address);
        if role.ends_with("server") {
            let pair = pair((w.backlog, self.backlog), (w.size, self.size));
            return vec![address, pair, tick(w.concurrent, self.concurrent)];
        }
        let messages = el("textarea").class("mono").attr("rows", "3").bind(self.messages);
        let pair = pair((w.interval, self.interval), (w.times, self.times));
        vec![address, labelled("field", w.messages, messages), pair]
    }
}

fn field(label: &str, text: RwSignal<String>) -> El {
    text_field("field", label, text)
}

fn number<T: std::str::FromStr>(text: RwSignal<String>) -> Result<T, Problem> {
    let text = text.get_untracked();
    text.trim().parse().map_err(|_| Problem {
        code: "bad-field".into(),
        status: 400,
        title: words().bad_field.into(),
        detail: socketscope_diagram::wording::fill(words().not_a_number, &[("text", &text)]),
        said: None,
    })
}
