//! The page's texts in Simplified Chinese.
//!
//! Terms are those of Chinese textbooks. Names of calls, options, errors, flags and states stay as they are in code.
//! A space stands between Chinese and Latin, and punctuation is full-width.

use super::{
    Diagram, Language, Sentence, Wording, zh_errno, zh_fields, zh_lab, zh_lesson, zh_page,
    zh_trouble,
};

/// Simplified Chinese.
pub static ZH: Wording = Wording {
    language: Language::Zh,
    diagram: Diagram {
        app: "应用",
        kernel: "内核",
        this_machine: "本机",
        outside: "外部",
        unnamed_peer: "无名对端",
        other_peers: "其他外部对端",
        started: "已启动",
        ended: "已结束",
        gap: "此处缺少 {missed} 个事件",
        bytes: "{bytes} 字节",
        one_byte: "1 字节",
        peer_closed: "0 字节：对端已关闭",
        truncated: "其余已丢失",
        waiting: "已等待 {time}",
        took: "用时 {time}",
        unknown_end: "未见返回",
        row_question: "{program} 继续之前：{text}",
        row_answer: "答案 {number}。{text}",
        row_exit_code: "{program} 已结束，退出码 {code}",
        row_exit_signal: "{program} 被 {signal} 杀死",
        row_round: "课程重新开始：第 {round} 轮",
    },
    sentence: Sentence {
        started: "{program} 已启动",
        ended: "{program} 已结束",
        gap: "此处缺少 {missed} 个事件",
        waiting: "{program} 调用 {call}，正在等待",
        entered: "{program} 调用 {call}",
        entered_end_unknown: "{program} 调用 {call}；未看到它返回",
        returned: "{program}：{call} 在 {time} 后返回 {result}",
        failed: "{program}：{call} 在 {time} 后失败，错误为 {result}",
        returned_no_enter: "{program}：{call} 返回 {result}；未看到它开始",
        failed_no_enter: "{program}：{call} 失败，错误为 {result}；未看到它开始",
        from_outside: "来自外部的 {peer}",
        to_outside: "发往外部的 {peer}",
        link_bytes: "字节流中的第 {range} 字节",
        link_datagram: "同一个数据报，根据地址、长度和内容推断",
        link_connection: "同一条连接",
    },
    errno: zh_errno::ZH,
    frame: zh_page::FRAME,
    lab: zh_lab::LAB,
    page: zh_page::PAGE,
    fields: zh_fields::FIELDS,
    inspect: zh_page::INSPECT,
    lesson: zh_lesson::LESSON,
    troubles: zh_trouble::TROUBLES,
};
