//! Append, single commits, replay and space beside the raw file: `chancery bench log`, five times.

use std::process::{Command, Stdio};

use serde_json::{Map, Value};
use tests::bench::{binary, quantile};

const RUNS: usize = 5;

fn main() {
    let binary = binary();
    let runs = (0..RUNS).map(|_| {
        let output = Command::new(&binary)
            .args(["bench", "log", "--format", "json"])
            .stderr(Stdio::inherit())
            .output();
        let output = output.unwrap_or_else(|err| fail(&err.to_string()));
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str::<Map<String, Value>>(line).unwrap_or_else(|_| fail(line))
    });
    let runs = runs.collect::<Vec<_>>();
    println!("{:28} {:>12} {:>12} {:>12}   ({RUNS} runs)", "", "least", "median", "most");
    for name in runs.iter().take(1).flat_map(Map::keys) {
        let values = runs.iter().filter_map(|it| it.get(name)?.as_f64());
        let mut values = values.collect::<Vec<_>>();
        let [least, median, most] = [0.0, 0.5, 1.0].map(|it| quantile(&mut values, it));
        println!("{name:28} {least:>12.2} {median:>12.2} {most:>12.2}");
    }
}

fn fail(why: &str) -> ! {
    eprintln!("chancery bench log: {why}");
    std::process::exit(1)
}
