//! What is on the page. A component shows and asks; what it shows is worked out in `socketscope-diagram`.

pub(crate) mod around;
pub(crate) mod call_form;
pub(crate) mod card;
pub(crate) mod code;
pub(crate) mod diagram;
mod export;
pub(crate) mod hollow;
pub(crate) mod inspector;
pub(crate) mod legend;
pub(crate) mod lesson;
mod lessons;
pub(crate) mod lobby;
pub(crate) mod nowhere;
mod packet_bytes;
pub(crate) mod parts;
pub(crate) mod programs;
pub(crate) mod role_form;
pub(crate) mod room;
pub(crate) mod starters;
mod state_diagram;
pub(crate) mod status;
pub(crate) mod timeline;
pub(crate) mod toolbar;
pub(crate) mod top;
pub(crate) mod wire;
