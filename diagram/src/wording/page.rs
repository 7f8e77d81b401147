//! The texts around the diagram: lobby, programs, forms, inspector. Knows no facts.

use socketscope_protocol::{CallName, Family, OptionName, Role, SocketType};

use super::texts::texts;

/// A value as it stands on the wire, and what the page calls it.
pub type Choice = (&'static str, &'static str);

/// A text for each call, in the order of [`CallName::ALL`].
pub type PerCall = [&'static str; CallName::ALL.len()];

texts! {
    /// What a room's page says as long as nothing but its diagram has come.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Frame {
        pub brand: &'static str,
        pub to_lobby: &'static str,
        pub connecting: &'static str,
        pub live: &'static str,
        pub reconnecting: &'static str,
        pub reconnecting_in: &'static str,
        pub room_over: &'static str,
        pub refused: &'static str,
        pub lost_why: &'static str,
        pub retry: &'static str,
        pub room_over_why: &'static str,
        pub refused_why: &'static str,
        pub watching_only_why: &'static str,
        pub not_connected_why: &'static str,
        pub key_refused_why: &'static str,
        pub programs: &'static str,
        pub inspector: &'static str,
        pub diagram: &'static str,
        pub to_the_end: &'static str,
        pub new_rows: &'static str,
        pub spoken: &'static str,
        pub tools: &'static str,
    }
}

texts! {
    /// The texts around the diagram.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Page {
        pub tagline: &'static str,
        pub lead: &'static str,
        pub loading: &'static str,
        pub rooms: &'static str,
        pub no_rooms: &'static str,
        pub room_facts: &'static str,
        pub new_room: &'static str,
        pub room_name: &'static str,
        pub optional: &'static str,
        pub no_key: &'static str,
        pub bad_name: &'static str,
        pub nowhere: &'static str,
        pub no_room: &'static str,
        pub no_room_why: &'static str,
        pub end_room: &'static str,
        pub end_room_why: &'static str,
        pub unreachable: &'static str,
        pub strange: &'static str,
        pub theme_auto: &'static str,
        pub theme_light: &'static str,
        pub theme_dark: &'static str,
        pub command_lost: &'static str,
        pub command_lost_why: &'static str,
        pub host_network: &'static str,
        pub host_network_why: &'static str,
        /// What cannot be held.
        pub host_network_loopback: &'static str,
        /// The lab.
        pub lab: &'static str,
        pub lab_why: &'static str,
        pub network: &'static str,
        pub unix_folder: &'static str,
        pub watching: &'static str,
        pub share: &'static str,
        pub watch_link: &'static str,
        pub watch_link_why: &'static str,
        pub full_link: &'static str,
        pub full_link_why: &'static str,
        pub copy: &'static str,
        pub copied: &'static str,
        pub not_copied: &'static str,
        pub share_loopback: &'static str,
        pub parts: &'static str,
        pub tab_diagram: &'static str,
        pub no_programs: &'static str,
        pub ended_programs: &'static str,
        pub end_program: &'static str,
        pub end_program_why: &'static str,
        pub no_sockets: &'static str,
        pub call_socket: &'static str,
        pub fd: &'static str,
        pub address: &'static str,
        pub state: &'static str,
        pub choose_fd: &'static str,
        pub state_new: &'static str,
        pub state_bound: &'static str,
        pub state_listening: &'static str,
        pub state_connecting: &'static str,
        pub state_connected: &'static str,
        pub state_we_ended: &'static str,
        pub state_peer_ended: &'static str,
        pub state_both_ended: &'static str,
        pub unnamed: &'static str,
        pub waits: &'static str,
        pub give_up: &'static str,
        pub give_up_why: &'static str,
        pub calls: &'static str,
        pub more: &'static str,
        pub fewer: &'static str,
        pub on_fd: &'static str,
        pub any_fd_why: &'static str,
        pub show_in_diagram: &'static str,
        pub close: &'static str,
        pub bad_field: &'static str,
        pub not_a_number: &'static str,
        /// `{text}` `{least}` `{most}`.
        pub not_in_range: &'static str,
        pub too_many_bytes: &'static str,
        pub family: &'static str,
        pub socket_type: &'static str,
        pub backlog: &'static str,
        pub text: &'static str,
        pub times: &'static str,
        pub base64: &'static str,
        pub base64_why: &'static str,
        pub size: &'static str,
        pub how: &'static str,
        pub option_name: &'static str,
        pub value: &'static str,
        pub start_something: &'static str,
        pub start_tcp: &'static str,
        pub start_tcp_why: &'static str,
        pub start_udp: &'static str,
        pub start_udp_why: &'static str,
        pub start_unix: &'static str,
        pub start_unix_why: &'static str,
        pub start_manual: &'static str,
        pub start_manual_why: &'static str,
        pub start_other: &'static str,
        pub role_name: &'static str,
        pub program_name: &'static str,
        pub start: &'static str,
        pub concurrent: &'static str,
        pub messages: &'static str,
        pub interval: &'static str,
        pub nothing_yet: &'static str,
        pub nothing_yet_why: &'static str,
        pub no_layers: &'static str,
        pub no_layers_why: &'static str,
        pub none_shown: &'static str,
        pub none_shown_why: &'static str,
        pub show_all: &'static str,
        pub filter_program: &'static str,
        pub all_programs: &'static str,
        pub filter_connection: &'static str,
        pub all_connections: &'static str,
        pub follow: &'static str,
        pub legend: &'static str,
        pub legend_call: &'static str,
        pub legend_return: &'static str,
        pub legend_error: &'static str,
        pub legend_outside: &'static str,
        pub legend_bar: &'static str,
        pub legend_wait: &'static str,
        pub legend_bytes: &'static str,
        pub legend_connection: &'static str,
        pub legend_datagram: &'static str,
        pub legend_note: &'static str,
        pub selected: &'static str,
        pub bytes: &'static str,
        pub as_hex: &'static str,
        pub as_text: &'static str,
        pub nothing_selected: &'static str,
        pub nothing_selected_why: &'static str,
        pub keys_step: &'static str,
        pub keys_end: &'static str,
        pub keys_inspect: &'static str,
        pub keys_leave: &'static str,
        pub events: &'static str,
        pub timeline: &'static str,
        /// What each call does.
        pub calls_explained: PerCall,
        /// What each option means, in the order of [`OptionName::ALL`].
        pub options_explained: [&'static str; OptionName::ALL.len()],
        pub families: [Choice; 3],
        pub types: [Choice; 2],
        pub hows: [Choice; 3],
        /// The roles, by their names on the wire.
        pub roles: [Choice; 7],
        /// What a lesson's program does: what stands in its source.
        pub role_lesson: &'static str,
    }
}

texts! {
    /// What the inspector says of the selected event.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Inspect {
        pub entered: &'static str,
        pub returned: &'static str,
        pub took: &'static str,
        pub program: &'static str,
        pub descriptor: &'static str,
        pub call: &'static str,
        pub result: &'static str,
        pub error: &'static str,
        pub waiting: &'static str,
        pub not_seen: &'static str,
        pub stream: &'static str,
        pub stream_of: &'static str,
        pub read_by: &'static str,
        pub sent_by: &'static str,
        pub connected_to: &'static str,
        pub same_datagram: &'static str,
        pub inferred: &'static str,
        pub peer_call: &'static str,
        pub peer_bytes: &'static str,
        pub here: &'static str,
        pub outside: &'static str,
        pub unnamed: &'static str,
        pub connection: &'static str,
        pub closed: &'static str,
        pub does: &'static str,
        pub event: &'static str,
        pub shown: &'static str,
        pub no_bytes: &'static str,
        /// What stands in the place of a datagram socket's receive queue.
        pub counted: &'static str,
        pub counted_why: &'static str,
        pub errno: &'static str,
        pub missed: &'static str,
        /// What a call that succeeded has done, in the order of [`CallName::ALL`].
        pub done: PerCall,
        pub story_waiting: &'static str,
        pub story_lost: &'static str,
        pub story_ended: &'static str,
        pub story_truncated: &'static str,
        pub story_program_started: &'static str,
        pub story_program_ended: &'static str,
        pub story_gap: &'static str,
        pub story_unexplained: &'static str,
    }
}

impl Page {
    /// What `call` does.
    pub fn call(&self, call: CallName) -> &'static str {
        of_call(&self.calls_explained, call)
    }

    /// What `option` means.
    pub fn option(&self, option: OptionName) -> &'static str {
        let at = OptionName::ALL.iter().position(|known| *known == option);
        at.map_or("", |at| self.options_explained[at])
    }

    /// What a program does by itself; nothing where that is not known.
    pub fn role(&self, role: Option<&Role>) -> &'static str {
        let name = match role {
            None => return "",
            Some(Role::Manual) => "manual",
            Some(Role::TcpEchoServer(_)) => "tcp-echo-server",
            Some(Role::TcpClient(_)) => "tcp-client",
            Some(Role::UdpEchoServer(_)) => "udp-echo-server",
            Some(Role::UdpClient(_)) => "udp-client",
            Some(Role::UnixEchoServer(_)) => "unix-echo-server",
            Some(Role::UnixClient(_)) => "unix-client",
            Some(Role::Lesson(_)) => return self.role_lesson,
        };
        self.roles.iter().find(|(wire, _)| *wire == name).map_or("", |(_, text)| text)
    }

    /// A kind of socket, as it is usually called.
    pub fn kind(&self, family: Family, socket_type: SocketType) -> &'static str {
        match (family, socket_type) {
            (Family::Unix, SocketType::Stream) => "Unix stream",
            (Family::Unix, SocketType::Dgram) => "Unix dgram",
            (Family::Inet, SocketType::Stream) => "TCP",
            (Family::Inet, SocketType::Dgram) => "UDP",
            (Family::Inet6, SocketType::Stream) => "TCP, IPv6",
            (Family::Inet6, SocketType::Dgram) => "UDP, IPv6",
        }
    }
}

impl Inspect {
    /// What `call` has done where it succeeded.
    pub fn done(&self, call: CallName) -> &'static str {
        of_call(&self.done, call)
    }
}

fn of_call(texts: &PerCall, call: CallName) -> &'static str {
    let at = CallName::ALL.iter().position(|known| *known == call);
    at.map_or("", |at| texts[at])
}
