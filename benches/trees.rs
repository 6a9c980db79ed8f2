//! How `treeify` grows with the number of nodes: time for each node, from 10,000 to 1,000,000 of them. Linear is a ratio near 1;
//! what is above it is the memory's caches. Target: at most twice the time a node at 1,000,000.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use iam_sdk::authing::{OrgNode, treeify};
use std::{hint::black_box, time::Instant};

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

#[derive(Clone, Copy)]
enum Shape {
    /// Eight children each.
    Bushy,
    /// One child each.
    Chain,
}

impl Shape {
    const ALL: [(&str, Self); 2] = [("bushy", Self::Bushy), ("chain", Self::Chain)];

    /// Nodes as the service lists them, each before its children.
    fn nodes(self, size: usize) -> Vec<OrgNode> {
        let id = |n: usize| format!("{n:024x}");
        let nodes = (0..size).map(|n| {
            let children = match self {
                Self::Bushy => 8 * n + 1..8 * n + 9,
                Self::Chain => n + 1..n + 2,
            };
            let mut node = OrgNode::default();
            node.id = Some(id(n));
            node.name = Some(format!("Department {n}"));
            node.children = children.filter(|child| *child < size).map(id).collect();
            node
        });
        nodes.collect()
    }
}

/// The best of some turns, in nanoseconds for each node, of building the tree, writing it and dropping it.
fn nanoseconds(shape: Shape, size: usize) -> [f64; 3] {
    let turns = (4_000_000 / size).clamp(5, 200);
    let mut best = [f64::INFINITY; 3];
    for _ in 0..turns {
        let nodes = shape.nodes(size);
        let begun = Instant::now();
        let mut forest = treeify(nodes);
        let built = begun.elapsed();
        assert_eq!((forest.roots.len(), forest.faults.len()), (1, 0));
        let tree = forest.roots.remove(0);
        let begun = Instant::now();
        black_box(tree.to_json());
        let written = begun.elapsed();
        let begun = Instant::now();
        drop(tree);
        for (best, time) in best.iter_mut().zip([built, written, begun.elapsed()]) {
            *best = best.min(time.as_nanos() as f64 / size as f64);
        }
    }
    best
}

fn growth() {
    for (name, shape) in Shape::ALL {
        let mut first = None;
        for size in SIZES {
            let times = nanoseconds(shape, size);
            let first = *first.get_or_insert(times);
            let [build, write, drop] = std::array::from_fn(|n| format!("{:.0} ({:.2})", times[n], times[n] / first[n]));
            println!("{name} {size:9}: ns a node (ratio to 10,000): treeify {build}, to_json {write}, drop {drop}");
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
