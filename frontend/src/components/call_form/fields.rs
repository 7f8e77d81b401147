//! The fields of a call's form: text in, arguments out.

use socketscope_protocol::{
    Args, CallName, Family, How, OptionName, SocketType, limits::PAYLOAD_BYTES,
};

use crate::{
    components::parts::{labelled, options, text_field, tick},
    dom::{El, el},
    reactive::RwSignal,
    words::words,
};

/// The arguments as they stand in the fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    family: RwSignal<String>,
    socket_type: RwSignal<String>,
    address: RwSignal<String>,
    text: RwSignal<String>,
    times: RwSignal<String>,
    base64: RwSignal<bool>,
    number: RwSignal<String>,
    how: RwSignal<String>,
    option: RwSignal<String>,
}

impl From<Args> for Fields {
    fn from(args: Args) -> Self {
        let number = args.backlog.or(args.value).map(i64::from);
        let number = number.or(args.size.and_then(|size| size.try_into().ok()));
        let name = |name: Option<&str>| RwSignal::new(name.unwrap_or_default().to_owned());
        Self {
            family: name(args.family.map(Family::as_str)),
            socket_type: name(args.socket_type.map(SocketType::as_str)),
            address: RwSignal::new(args.address.unwrap_or_default()),
            text: RwSignal::new(args.text.unwrap_or_default()),
            times: RwSignal::new("1".into()),
            base64: RwSignal::new(false),
            number: RwSignal::new(number.map(|n| n.to_string()).unwrap_or_default()),
            how: name(args.how.map(How::as_str)),
            option: name(args.option.map(OptionName::as_str)),
        }
    }
}

impl Fields {
    /// The arguments of `call`, or what is wrong with a field.
    pub(super) fn args(self, call: CallName) -> Result<Args, String> {
        use CallName::*;
        let mut args = Args::default();
        match call {
            Socket => {
                args.family = Family::named(&self.family.get_untracked());
                args.socket_type = SocketType::named(&self.socket_type.get_untracked());
            }
            Listen => args.backlog = Some(number(self.number)?),
            Recv | Recvfrom => args.size = Some(number(self.number)?),
            Shutdown => args.how = How::named(&self.how.get_untracked()),
            Setsockopt => {
                args.option = self.option();
                args.value = Some(number(self.number)?);
            }
            Getsockopt => args.option = self.option(),
            Bind | Connect | Send | Sendto | Accept | Close | Getsockname | Getpeername => {}
        }
        if matches!(call, Bind | Connect | Sendto) {
            args.address = Some(self.address.get_untracked().trim().to_owned());
        }
        if matches!(call, Send | Sendto) {
            let text = self.text.get_untracked();
            if self.base64.get_untracked() {
                args.base64 = Some(text.trim().to_owned());
            } else {
                let times: usize = number(self.times)?;
                if text.len().saturating_mul(times) > PAYLOAD_BYTES {
                    return Err(words().too_many_bytes.into());
                }
                args.text = Some(text.repeat(times));
            }
        }
        Ok(args)
    }

    /// The fields that `call` has.
    pub(super) fn view(self, call: CallName) -> Vec<El> {
        use CallName::*;
        let w = words();
        let address = || input(w.address, self.address);
        match call {
            Socket => vec![select(w.family, self.family, &w.families), self.types()],
            Bind | Connect => vec![address()],
            Listen => vec![input(w.backlog, self.number)],
            Send => self.payload(),
            Sendto => [vec![address()], self.payload()].concat(),
            Recv | Recvfrom => vec![input(w.size, self.number)],
            Shutdown => vec![select(w.how, self.how, &w.hows)],
            Setsockopt => vec![self.options(), input(w.value, self.number)],
            Getsockopt => vec![self.options()],
            Accept | Close | Getsockname | Getpeername => Vec::new(),
        }
    }

    /// The types, each with what it is in IP: of a Unix socket's there is no more to say.
    fn types(self) -> El {
        let w = words();
        let option = |(name, in_ip): (&'static str, &'static str)| {
            let label =
                move || if self.family.get() == Family::Unix.as_str() { name } else { in_ip };
            el("option").attr("value", name).live_text(label)
        };
        let types = el("select").child(w.types.map(option)).bind(self.socket_type);
        labelled("field", w.socket_type, types)
    }

    fn payload(self) -> Vec<El> {
        let w = words();
        vec![
            input(w.text, self.text),
            text_field("field short", w.times, self.times),
            tick(w.base64, self.base64).attr("title", w.base64_why),
        ]
    }

    fn option(self) -> Option<OptionName> {
        OptionName::named(&self.option.get())
    }

    fn options(self) -> El {
        let w = words();
        // `OTHER` stands for what only observed programs can ask for.
        let known = OptionName::ALL.into_iter().filter(|option| *option != OptionName::OTHER);
        let names = options(known.map(|option| (option.as_str(), option.as_str())));
        let why = move || self.option().map(|option| w.option(option)).unwrap_or_default();
        let select = el("select").class("mono").child(names).bind(self.option);
        labelled("field", w.option_name, select).child(el("small").live_text(why))
    }
}

fn input(label: &str, text: RwSignal<String>) -> El {
    text_field("field", label, text)
}

fn select(label: &str, value: RwSignal<String>, names: &[(&str, &str)]) -> El {
    labelled("field", label, el("select").child(options(names.iter().copied())).bind(value))
}

/// The number in a field, or what is wrong with it.
pub(super) fn number<T: std::str::FromStr>(text: RwSignal<String>) -> Result<T, String> {
    let text = text.get_untracked();
    let not_a_number =
        || socketscope_diagram::wording::fill(words().not_a_number, &[("text", &text)]);
    text.trim().parse().map_err(|_| not_a_number())
}
