//! A file of nginx while it is written. A part is text of this program (`&'static str`), a number, an
//! address, or [`Safe`]; nothing else fits.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::safe::Safe;

/// Lines, indented by their braces.
#[derive(Debug, Default)]
pub(super) struct Conf {
    text: String,
    line: String,
    depth: usize,
}

/// What may stand in a line.
pub(super) trait Part {
    fn write(&self, line: &mut String);
}

impl Part for &'static str {
    fn write(&self, line: &mut String) {
        line.push_str(self);
    }
}

impl Part for &Safe {
    fn write(&self, line: &mut String) {
        line.push_str(self.as_str());
    }
}

/// What is shown without any character that means something to nginx.
macro_rules! shown {
    ($($it:ty),+) => {$(
        impl Part for $it {
            fn write(&self, line: &mut String) {
                // Writing to a text cannot fail.
                let _ = write!(line, "{self}");
            }
        }
    )+};
}

shown!(u16, u32, u64, i64, usize, IpAddr, SocketAddr, IpNet);

impl Conf {
    pub(super) fn add(&mut self, part: impl Part) {
        part.write(&mut self.line);
    }

    /// Ends a line. One that begins with `}` stands further left; after one that ends with `{` all
    /// stand further right, up to that.
    pub(super) fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.starts_with('}') {
            self.depth = self.depth.saturating_sub(1);
        }
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("  ", self.depth));
            self.text.push_str(&line);
        }
        self.text.push('\n');
        if line.ends_with('{') {
            self.depth += 1;
        }
    }

    /// Whole lines of this program, without a brace that stays open.
    pub(super) fn lines(&mut self, lines: &[&'static str]) {
        for line in lines {
            self.add(*line);
            self.end();
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Writes a line of parts.
macro_rules! put {
    ($conf:expr, $($part:expr),+ $(,)?) => {{
        $($conf.add($part);)+
        $conf.end();
    }};
}
pub(super) use put;
