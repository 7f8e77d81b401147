//! The diagram, pure: facts → model → rows → lanes → scene. Knows neither a browser nor a network nor a clock.
//!
//! ```
//! use socketscope_diagram::{lanes::{Lanes, Metrics}, model::Model, rows::{Filter, Rows}, scene::View, wording::EN};
//!
//! let mut model = Model::new(200_000);
//! let mut rows = Rows::new(Filter::default(), &model);
//! // As events arrive: model.push(event)?, then once per frame:
//! rows.update(&model);
//! let lanes = Lanes::new(&model, rows.filter(), Metrics::for_width(900.0), 900.0, &EN);
//! let view = View { model: &model, rows: &rows, lanes: &lanes, wording: &EN, now: 0 };
//! let scene = view.scene(0..60);
//! assert_eq!(scene.rows.len(), 0);
//! ```
//!
//! - [`model`]: events in, one at a time; programs, sockets, calls, connections, outside peers out.
//! - [`rows`]: which event stands in which row, for a filter; absolute row numbers.
//! - [`lanes`]: which lifelines there are and at which x.
//! - [`scene`]: arrows, labels, bars and links of a window of rows, in pixels.
//! - [`mod@format`], [`wording`]: numbers and times as text; every text of the page.
//! - [`python`]: a lesson's source in colours.

#![forbid(unsafe_code)]

pub mod density;
pub mod fields;
pub mod format;
pub mod inspect;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod journal;
pub mod lanes;
pub mod model;
pub mod python;
pub mod rows;
pub mod scene;
pub mod sorted;
pub mod suggest;
pub mod wording;
