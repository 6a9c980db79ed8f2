//! How trees grow with the number of nodes: time for each node, from 10,000 to 1,000,000 of them, built from a list and read from
//! an export. Linear is a ratio near 1; what is above it is the memory's caches. Target: at most twice the time a node at 1,000,000.
//! The times are the CPU time of the thread: a build of a second is interrupted by other programs more often than one of 3 ms.
//!
//! `cargo bench --all-features --bench trees -- --quick` prints the growth and skips most of criterion's own runs.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use iam_sdk::authing::{OrgNode, OrgTree, treeify};
use rustix::time::{ClockId, clock_gettime};
use std::{fmt::Write, hint::black_box, time::Duration};

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

#[derive(Clone, Copy)]
enum Shape {
    /// Eight children each.
    Bushy,
    /// One child each.
    Chain,
    /// Eight children each, and all that the service sends of a node.
    Whole,
}

fn id(n: usize) -> String {
    format!("{n:024x}")
}

impl Shape {
    const ALL: [(&str, Self); 3] = [("bushy", Self::Bushy), ("chain", Self::Chain), ("whole", Self::Whole)];

    fn below(self) -> usize {
        match self {
            Self::Bushy | Self::Whole => 8,
            Self::Chain => 1,
        }
    }

    fn children(self, n: usize, size: usize) -> impl Iterator<Item = usize> {
        (self.below() * n + 1..=self.below() * n + self.below()).filter(move |child| *child < size)
    }

    fn path(self, n: usize) -> Vec<String> {
        let ids = std::iter::successors(Some(n), |n| Some(n.checked_sub(1)? / self.below())).map(id);
        let mut path: Vec<_> = ids.collect();
        path.reverse();
        path
    }

    /// Nodes as the service lists them, each before its children.
    fn nodes(self, size: usize) -> Vec<OrgNode> {
        let nodes = (0..size).map(|n| {
            let node = OrgNode::default()
                .with_id(id(n))
                .with_name(format!("Department {n}"))
                .with_children(self.children(n, size).map(id));
            let Self::Whole = self else { return node };
            let path = self.path(n);
            node.with_code(format!("D{n}"))
                .with_order(n as i64)
                .with_org_id(id(size))
                .with_root(n == 0)
                .with_depth(path.len() as i64 - 1)
                .with_path(path)
                .with_created_at("2020-09-28T05:29:38.000Z")
                .with_updated_at("2021-10-29T16:30:39.123Z")
        });
        nodes.collect()
    }

    /// The nodes as the service exports them, each with its children.
    fn export(self, size: usize) -> String {
        let mut json = String::new();
        let mut next = vec![Ok(0)];
        while let Some(step) = next.pop() {
            let n = match step {
                Ok(n) => n,
                Err(text) => {
                    json.push_str(text);
                    continue;
                }
            };
            write!(json, r#"{{"id":"{}","name":"Department {n}","#, id(n)).unwrap();
            if let Self::Whole = self {
                let path = self.path(n);
                let (is_root, depth) = (n == 0, path.len() - 1);
                write!(
                    json,
                    r#""orgId":"{}","nameI18n":null,"description":null,"descriptionI18n":null,"order":{n},"code":"D{n}","root":{is_root},"depth":{depth},"path":{path:?},"createdAt":"2020-09-28T05:29:38.000Z","updatedAt":"2021-10-29T16:30:39.123Z","members":[],"#,
                    id(size)
                )
                .unwrap();
            }
            json.push_str(r#""children":["#);
            next.push(Err("]}"));
            for (at, child) in self.children(n, size).enumerate() {
                if at > 0 {
                    next.push(Err(","));
                }
                next.push(Ok(child));
            }
        }
        json
    }
}

/// The CPU time of this thread.
fn now() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// The best of some turns, in nanoseconds for each node, of building the tree from a list, reading it from an export, writing it
/// and dropping it.
fn nanoseconds(shape: Shape, size: usize) -> [f64; 4] {
    let turns = (4_000_000 / size).clamp(5, 200);
    let mut best = [f64::INFINITY; 4];
    let export = shape.export(size);
    for _ in 0..turns {
        let nodes = shape.nodes(size);
        let begun = now();
        let mut forest = treeify(nodes);
        let built = now() - begun;
        assert_eq!((forest.roots.len(), forest.faults.len()), (1, 0));
        let tree = forest.roots.remove(0);
        let begun = now();
        black_box(tree.to_json());
        let written = now() - begun;
        let begun = now();
        drop(tree);
        let dropped = now() - begun;
        let begun = now();
        let tree: OrgTree = serde_json::from_str(&export).unwrap();
        let read = now() - begun;
        black_box(tree);
        for (best, time) in best.iter_mut().zip([built, read, written, dropped]) {
            *best = best.min(time.as_nanos() as f64 / size as f64);
        }
    }
    best
}

/// The most memory that the process has taken so far, where the system says it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}

fn growth() {
    for (name, shape) in Shape::ALL {
        let mut first = None;
        for size in SIZES {
            let times = nanoseconds(shape, size);
            let first = *first.get_or_insert(times);
            let [build, read, write, drop] =
                std::array::from_fn(|n| format!("{:.0} ({:.2})", times[n], times[n] / first[n]));
            println!(
                "{name} {size:9}: ns a node (ratio to 10,000): treeify {build}, read an export {read}, to_json {write}, drop {drop}; peak of the process {}",
                peak()
            );
        }
    }
}

fn trees(c: &mut Criterion) {
    growth();
    let mut group = c.benchmark_group("treeify");
    group.sample_size(10);
    for (name, shape) in Shape::ALL {
        for size in SIZES {
            group.throughput(Throughput::Elements(size as u64));
            group.bench_with_input(BenchmarkId::new(name, size), &size, |b, size| {
                b.iter_batched(|| shape.nodes(*size), treeify, BatchSize::LargeInput);
            });
        }
    }
    group.finish();
}

criterion_group!(benches, trees);
criterion_main!(benches);
