//! What a recording says beyond what the page says. No page downloads it: files are written by the server.

use super::{Language, texts::texts};

texts! {
    /// The texts of recordings.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Recorded {
        /// What became of a packet, without a full stop. `{time}` `{why}` where the English one has them.
        pub arrived: &'static str,
        pub delivered: &'static str,
        pub held_then_lost: &'static str,
        pub never_arrived: &'static str,
        pub still_held: &'static str,
        /// Behind one of these. `{time}`.
        pub copied: &'static str,
        /// In front of a diagram that is not whole. `{number}`.
        pub not_drawn: &'static str,
        /// Packets in sum. `{packets}` `{from}` `{to}` `{time}` `{acks}` `{retransmissions}` `{arrived}` `{lost}`.
        pub sum: &'static str,
        /// What a file of packets is, sentence by sentence. `{room}` `{packets}` `{summed}` `{missed}`.
        pub about: &'static str,
        pub about_summed: &'static str,
        pub about_missed: &'static str,
        pub about_captured: &'static str,
        pub about_no_packets: &'static str,
        /// Where its packets were seen.
        pub wire: &'static str,
        pub own_loopback: &'static str,
        pub loopbacks: &'static str,
        /// At a packet. `{number}`.
        pub missed_before: &'static str,
        pub more_directions: &'static str,
        pub calls_before: &'static str,
        /// A call beside a packet. `{time}` `{call}`.
        pub before: &'static str,
        pub after: &'static str,
    }
}

impl Recorded {
    /// In `language`.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Zh => &ZH,
        }
    }
}

static EN: Recorded = Recorded {
    arrived: "arrived {time} later",
    delivered: "held, delivered by hand {time} later",
    held_then_lost: "held, {why} {time} later",
    never_arrived: "never arrived so far",
    still_held: "held so far",
    copied: "; the wire's duplicate arrived {time} later",
    not_drawn: "The {number} events before these are not drawn; the recording that ends with .jsonl has what is kept of them.",
    sum: "{packets} from {from} to {to} within {time} are not told one by one: {acks} only acknowledged, {retransmissions} were retransmissions; {arrived} arrived, {lost} were lost",
    about: "Room {room}. {packets} packets by the time of their departure.",
    about_summed: "{summed} more were too many to be told one by one: comments tell their sums.",
    about_missed: "{missed} earlier events are no longer kept.",
    about_captured: "The room has no lab: these are its packets on this machine's loopback.",
    about_no_packets: "The room has no lab, and its packets were not captured.",
    wire: "The wire between the lab's hosts",
    own_loopback: "This machine's loopback device",
    loopbacks: "The hosts' own loopback devices",
    missed_before: "{number} events before this are no longer kept",
    more_directions: "so were packets of {number} more directions",
    calls_before: "{number} calls before these are told in the .jsonl only",
    before: "{time} before: {call}",
    after: "{time} after: {call}",
};

static ZH: Recorded = Recorded {
    arrived: "{time} 后到达",
    delivered: "扣住，{time} 后由人放行",
    held_then_lost: "扣住；{why}，在 {time} 后",
    never_arrived: "至今没有到达",
    still_held: "至今仍被扣住",
    copied: "；线路复制的那一份在 {time} 后到达",
    not_drawn: "此前的 {number} 个事件没有画出；以 .jsonl 结尾的录制文件里有其中仍保留的部分。",
    sum: "{packets}，从 {from} 到 {to}，在 {time} 内，没有逐个列出：其中 {acks} 个只作确认，{retransmissions} 个是重传；{arrived} 个到达，{lost} 个丢失",
    about: "房间 {room}。共 {packets} 个数据包，按出发时间排列。",
    about_summed: "另有 {summed} 个数据包太多，没有逐个列出：注释中有它们的总数。",
    about_missed: "更早的 {missed} 个事件已不再保留。",
    about_captured: "这个房间没有实验网络：这些是它在本机环回接口上的数据包。",
    about_no_packets: "这个房间没有实验网络，它的数据包没有被捕获。",
    wire: "实验网络各主机之间的线路",
    own_loopback: "本机的环回接口",
    loopbacks: "各主机自己的环回接口",
    missed_before: "此前的 {number} 个事件已不再保留",
    more_directions: "另外 {number} 个方向的数据包也是如此",
    calls_before: "再往前的 {number} 个调用只写在 .jsonl 里",
    before: "{time} 之前：{call}",
    after: "{time} 之后：{call}",
};
