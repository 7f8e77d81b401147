//! The names of header fields, as the RFCs have them, and what stands in some of them.

use super::texts::texts;

texts! {
    /// The texts of a packet's headers.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Fields {
        pub version: &'static str,
        pub header_length: &'static str,
        pub dscp_ecn: &'static str,
        pub total_length: &'static str,
        pub identification: &'static str,
        pub flags: &'static str,
        pub fragment_offset: &'static str,
        pub time_to_live: &'static str,
        pub protocol: &'static str,
        pub header_checksum: &'static str,
        pub traffic_class: &'static str,
        pub flow_label: &'static str,
        pub payload_length: &'static str,
        pub next_header: &'static str,
        pub hop_limit: &'static str,
        pub source_address: &'static str,
        pub destination_address: &'static str,
        pub options: &'static str,
        pub source_port: &'static str,
        pub destination_port: &'static str,
        pub length: &'static str,
        pub checksum: &'static str,
        pub kind: &'static str,
        pub code: &'static str,
        pub rest_of_header: &'static str,
        pub sequence_number: &'static str,
        pub acknowledgment_number: &'static str,
        pub data_offset: &'static str,
        pub window: &'static str,
        pub urgent_pointer: &'static str,
        pub option_end_of_list: &'static str,
        pub option_no_operation: &'static str,
        pub option_maximum_segment_size: &'static str,
        pub option_window_scale: &'static str,
        pub option_sack_permitted: &'static str,
        pub option_sack: &'static str,
        pub option_timestamps: &'static str,
        pub option: &'static str,
        pub do_not_fragment: &'static str,
        pub more_fragments: &'static str,
        pub none: &'static str,
        /// `{bytes}`.
        pub bytes: &'static str,
        /// `{own}` `{echo}`.
        pub stamps: &'static str,
        /// `{kind}`.
        pub of_kind: &'static str,
        /// Between the parts of a list.
        pub comma: &'static str,
    }
}
