//! The function as Lambda runs it, beside the least function that Rust makes and a hand-written one in
//! Python: from its start to its answers, in one run, alternating.
//!
//! All of them are built here, talk to the same simulator and, the function, to a small S3, each on
//! loopback. The Python one needs `python3` and its packages (`benches/peer/requirements.txt`), which are
//! installed below `target/`; where that can't be done, its lines are left out.
#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench that can't run has nothing to show, and shows what it has on the screen"
)]

#[path = "../case.rs"]
mod case;
mod harness;
mod lambda;
mod programs;
mod world;

use std::time::Duration;

use case::{SHIPPED, TWO_DAYS, hourly};
use lambda::Lambda;
use programs::{Program, Programs};
use world::World;

/// How often each program is started, and how often each is invoked warm.
const STARTS: usize = 15;
const WARM: usize = 20;

/// What the report of `benches/peer` and the shipped one ask.
const PEERS: &str = include_str!("../peer/daily-queues.toml");

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let programs = Programs::build();
    programs.print_sizes();
    cold(&programs).await;
    warm(&programs).await;
    latency(&programs, "the peer's report", PEERS).await;
    latency(&programs, "daily-queues as shipped", SHIPPED).await;
    large(&programs).await;
}

/// From the start of a process to its first answer, with fakes that answer at once.
async fn cold(programs: &Programs) {
    let worlds = worlds().await;
    let cases = cases(programs, &worlds);
    let mut seen: Vec<[Vec<f64>; 4]> = cases.iter().map(|_| Default::default()).collect();
    for round in 0..=STARTS {
        for ((name, program, world), seen) in cases.iter().zip(&mut seen) {
            let mut lambda = Lambda::start(program, world).await;
            let start = lambda.until_next().await;
            let sent = world.sent();
            let answer = lambda.invoke(world.next_day()).await;
            assert!(*name == "hello" || world.sent() == sent + 2, "{name} sends two messages");
            // The first round reads the programs from disk.
            if round > 0 {
                let figures = [start, answer.wall, start + answer.wall, lambda.cpu()];
                seen.iter_mut().zip(figures).for_each(|(all, figure)| all.push(figure));
            }
        }
    }
    println!("\nCold, medians of {STARTS} starts, milliseconds");
    println!("{:<34} {:>8} {:>8} {:>8} {:>8}", "", "/next", "answer", "total", "CPU");
    for ((name, ..), seen) in cases.iter().zip(&seen) {
        let [next, answer, total, cpu] = seen.each_ref().map(|all| median(all));
        println!("{name:<34} {next:>8.1} {answer:>8.1} {total:>8.1} {cpu:>8.1}");
    }
    let of = |index: usize, column: usize| median(&seen[index][column]);
    println!("start to /next, to hello: {:.2}", of(1, 0) / of(0, 0));
    if cases.len() > 3 {
        println!("the peer's total to the function's: {:.1}", of(3, 2) / of(1, 2));
    }
}

/// Invocations of a process that has had some before.
async fn warm(programs: &Programs) {
    let worlds = worlds().await;
    let cases = cases(programs, &worlds);
    let mut lambdas = Vec::new();
    for (_, program, world) in &cases {
        let mut lambda = Lambda::start(program, world).await;
        lambda.until_next().await;
        for _ in 0..3 {
            lambda.invoke(world.next_day()).await;
        }
        lambdas.push(lambda);
    }
    let mut seen: Vec<[Vec<f64>; 2]> = cases.iter().map(|_| Default::default()).collect();
    for _ in 0..WARM {
        for ((lambda, (name, _, world)), seen) in lambdas.iter_mut().zip(&cases).zip(&mut seen) {
            let (before, sent) = (lambda.cpu(), world.sent());
            let answer = lambda.invoke(world.next_day()).await;
            assert!(*name == "hello" || world.sent() == sent + 2, "{name} sends two messages");
            seen[0].push(answer.wall);
            seen[1].push(lambda.cpu() - before);
        }
    }
    println!("\nWarm, medians of {WARM} invocations, milliseconds, and peak memory, megabytes");
    println!("{:<34} {:>8} {:>8} {:>8}", "", "answer", "CPU", "memory");
    for (((name, ..), seen), lambda) in cases.iter().zip(&seen).zip(&lambdas) {
        let [wall, cpu] = seen.each_ref().map(|all| median(all));
        println!("{name:<34} {wall:>8.1} {cpu:>8.2} {:>8.1}", lambda.memory());
    }
    if cases.len() > 3 {
        let cpu = |index: usize| median(&seen[index][1]);
        println!("the peer's CPU to the function's: {:.1}", cpu(3) / cpu(1));
        let memory = |index: usize| lambdas[index].memory();
        println!("the peer's memory to the function's: {:.1}", memory(3) / memory(1));
    }
}

/// Runs over a network: how many round trips follow each other, and how much more than they a run takes.
async fn latency(programs: &Programs, name: &str, definition: &str) {
    const LATENCY: Duration = Duration::from_millis(50);
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let world = World::start(definition, LATENCY).await;
        // What the first event that sees a report keeps of it is there for those after it.
        let mut first = Lambda::start(&programs.function, &world).await;
        first.until_next().await;
        first.invoke(world.next_day()).await;
        let mut lambda = Lambda::start(&programs.function, &world).await;
        lambda.until_next().await;
        for runs in [&mut cold, &mut warm] {
            let before = world.calls().len();
            let answer = lambda.invoke(world.next_day()).await;
            let calls = world.calls().split_off(before);
            let path = world::longest_path(&calls, LATENCY);
            let ideal = path as f64 * LATENCY.as_secs_f64() * 1e3;
            runs.push((path, calls.len(), answer.wall, answer.wall / ideal));
        }
        let (asked, planned) = (world.requests_for_figures(), world.planned(definition).await);
        assert_eq!(asked, 3 * planned, "a run makes the requests of its plan, and no more");
    }
    println!("\nWith {LATENCY:?} for every call, {name}: medians of 5");
    println!(
        "{:<12} {:>12} {:>8} {:>10} {:>14}",
        "", "round trips", "calls", "ms", "of their time"
    );
    for (name, runs) in [("cold", &cold), ("warm", &warm)] {
        let of = |figure: fn(&(usize, usize, f64, f64)) -> f64| {
            median(&runs.iter().map(figure).collect::<Vec<_>>())
        };
        let (path, calls) = (of(|run| run.0 as f64), of(|run| run.1 as f64));
        let (wall, ratio) = (of(|run| run.2), of(|run| run.3));
        println!("{name:<12} {path:>12} {calls:>8} {wall:>10.1} {ratio:>14.2}");
    }
}

/// One report of 192,000 rows, from the event to the answer.
async fn large(programs: &Programs) {
    println!("\nA report of 1,780 queues by channel and hour over two days");
    println!("{:<12} {:>10} {:>10} {:>12}", "attached", "seconds", "CPU s", "peak MB");
    for (name, attach) in [("nothing", "[]"), ("CSV", "[\"csv\"]"), ("XLSX", "[\"xlsx\"]")] {
        let world = World::sized(&hourly(attach), 1_780).await;
        let mut lambda = Lambda::start(&programs.function, &world).await;
        lambda.until_next().await;
        let answer = lambda.invoke(world::order(TWO_DAYS)).await;
        assert_eq!(world.sent(), 1, "a message");
        let (seconds, cpu) = (answer.wall / 1e3, lambda.cpu() / 1e3);
        println!("{name:<12} {seconds:>10.1} {cpu:>10.2} {:>12.0}", lambda.memory());
    }
}

type Case<'a> = (&'static str, &'a Program, &'a World);

/// A world for each case: a day that goes by is one that the report of that world has to be run for.
async fn worlds() -> [World; 4] {
    [
        World::at_once(PEERS).await,
        World::at_once(PEERS).await,
        World::at_once(SHIPPED).await,
        World::at_once(PEERS).await,
    ]
}

fn cases<'a>(
    programs: &'a Programs,
    [hello, same, shipped, peers]: &'a [World; 4],
) -> Vec<Case<'a>> {
    let own = [
        ("hello", &programs.hello, hello),
        ("connect-reports, peer's report", &programs.function, same),
        ("connect-reports, as shipped", &programs.function, shipped),
    ];
    let peer = programs.peer.iter().map(|peer| ("boto3 and Jinja2", peer, peers));
    own.into_iter().chain(peer).collect()
}

fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() % 2 {
        0 if middle > 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures.get(middle).copied().unwrap_or(f64::NAN),
    }
}
