//! A live reader whose sink stops in the middle of a burst, at any byte.

use super::{
    super::{
        fan::{Fan, Rules},
        speech::Greeting,
    },
    face::{config, order},
    oracle::{Pipe, Tap},
};
use crate::{
    hub::{Stats, door::Door, inbox::Bounds, sequence::Sequence},
    log::Limits,
};
use eventwire::{EventName, Offset, Start, Topic};
use std::{cell::RefCell, rc::Rc, sync::Arc};

#[tokio::test(start_paused = true)]
async fn a_live_reader_that_stops_anywhere_in_a_burst_goes_on_right_there() {
    let config = config();
    let (topic, name) = (Topic::parse("a").unwrap(), EventName::parse("tick").unwrap());
    // One inbox that holds a burst, and one that holds the beginning of it.
    for bytes in [1 << 20, 7_000] {
        let inbox = Bounds { bytes, records: 1 << 16, patterns: 1 << 16 };
        let door = vec![Arc::new(Door::default())];
        let sequence = Arc::new(Sequence::new(&config, Limits::new(1 << 20, 600_000), inbox, door));
        let rules = Rules {
            greeting: Greeting { contract: config.contract.clone(), heartbeat: config.heartbeat },
            stall: 10_000,
            rotate: None,
            readers: 100,
            per_principal: 100,
            has_store: false,
        };
        // From here on all offsets have one length, so that every burst has its frames' ends at the same bytes.
        sequence.put(Some(Offset(10_000)), &topic, &name, "0");
        let mut fan = Fan::new(sequence.clone(), 0, rules, 7, sequence.now());
        let pipes = [0, 1].map(|_| Rc::new(RefCell::new(Pipe { room: usize::MAX, ..Pipe::default() })));
        let [_, id] = [0, 1].map(|n| fan.join(order(&["a"], Start::Now), None, Tap(pipes[n].clone()), sequence.now()));
        let settle = |fan: &mut Fan<Tap>| (0..16).for_each(|_| fan.turn(sequence.now()));
        let said = |n: usize| String::from_utf8(std::mem::take(&mut pipes[n].borrow_mut().bytes)).unwrap();
        settle(&mut fan);
        pipes.iter().for_each(|pipe| pipe.borrow_mut().bytes.clear());
        let queued = |fan: &Fan<Tap>| {
            let mut stats = Stats::default();
            fan.stats(&mut stats);
            stats.queued_bytes
        };
        let (mut stop, mut most) = (0, 0);
        loop {
            pipes[1].borrow_mut().room = stop;
            (0..12).for_each(|n| _ = sequence.put(None, &topic, &name, &format!("\"{n}{}\"", "#".repeat(990))));
            settle(&mut fan);
            assert!(pipes[1].borrow().bytes.len() <= stop);
            // It takes a little more, and stops again.
            let kept = queued(&fan);
            most = kept.max(most);
            pipes[1].borrow_mut().room = 5;
            fan.writable(id);
            settle(&mut fan);
            assert!(kept <= 5 || queued(&fan) == kept - 5, "{kept} bytes were kept at {stop}");
            pipes[1].borrow_mut().room = usize::MAX;
            fan.writable(id);
            settle(&mut fan);
            let (whole, stopped) = (said(0), said(1));
            assert_eq!(stopped, whole, "stopped at {stop}");
            assert_eq!(whole.matches("event: tick").count(), 12);
            if stop >= whole.len() {
                break;
            }
            // Around each frame's end, and somewhere inside.
            let around = whole.match_indices("\n\n").flat_map(|(at, _)| at + 1..=at + 3);
            stop = around.filter(|&at| at > stop).min().unwrap_or(whole.len()).min(stop + 331);
        }
        assert!(most > 0 && queued(&fan) == 0, "{most}");
    }
}
