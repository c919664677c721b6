//! What a person sees in the terminal: where it is, where the data lies, how to undo it.

use std::{io::Write, path::Path};

use anstyle::{AnsiColor, Style};
use sensor::SensorEvent;

const STRONG: Style = Style::new().bold();
const LINK: Style = AnsiColor::Cyan.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// It listens.
pub(super) fn started(login: &str, data: &Path, new: bool) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let use_of_link =
        if new { "makes the owner's account; works once" } else { "signs the owner in; works once" };
    writeln!(out, "{STRONG}Eyeline is up.{STRONG:#}")?;
    writeln!(out)?;
    writeln!(out, "  Open   {LINK}{login}{LINK:#}")?;
    writeln!(out, "         {QUIET}{use_of_link}{QUIET:#}")?;
    writeln!(out, "  Data   {}", data.display())?;
    writeln!(out, "  Stop   Ctrl-C; start it again with the same command")?;
    writeln!(out, "  Undo   stop it and remove the data: rm -r {}", quoted(data))?;
    writeln!(out)?;
    out.flush()
}

/// There is one already.
pub(super) fn beside(login: &str, data: &Path) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{STRONG}Eyeline is up already.{STRONG:#}")?;
    writeln!(out)?;
    writeln!(out, "  Open   {LINK}{login}{LINK:#}")?;
    writeln!(out, "         {QUIET}works once{QUIET:#}")?;
    writeln!(out, "  Data   {}", data.display())?;
    out.flush()
}

/// A path as a shell reads it back.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What the sensor says, on standard error.
pub(super) fn sensor(event: &SensorEvent) {
    if event.is_trouble() {
        tracing::warn!(target: "sensor", "{event}");
    } else {
        tracing::info!(target: "sensor", "{event}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_in_a_shell() {
        assert_eq!(quoted(Path::new("/var/lib/eyeline")), "/var/lib/eyeline");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
