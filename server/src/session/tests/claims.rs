//! What the store is asked when readers claim positions ahead of this node: one question at a time, and no more than
//! needed.

use super::{
    super::{
        fan::{Fan, Rules},
        speech::Greeting,
    },
    face::{config, order},
    oracle::{Pipe, Tap},
};
use crate::{
    hub::{door::Door, inbox::Bounds, sequence::Sequence},
    log::Limits,
};
use eventwire::{EventName, Offset, Position, Start, Topic};
use std::{cell::RefCell, rc::Rc, sync::Arc};

#[tokio::test(start_paused = true)]
async fn the_store_is_asked_one_question_at_a_time_and_answers_nobody_who_came_after_it() {
    let config = config();
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };
    let door = vec![Arc::new(Door::default())];
    let sequence = Arc::new(Sequence::new(&config, Limits::new(1 << 20, 600_000), inbox, door));
    let rules = Rules {
        greeting: Greeting { contract: config.contract.clone(), heartbeat: config.heartbeat },
        stall: 10_000,
        rotate: None,
        readers: 100,
        per_principal: 100,
        has_store: true,
    };
    let mut fan = Fan::new(sequence.clone(), 0, rules, 7, sequence.now());
    let at = |offset| Position { epoch: config.epoch, offset: Offset(offset) };
    let pipes = [0, 1].map(|_| Rc::new(RefCell::new(Pipe { room: usize::MAX, ..Pipe::default() })));
    let said = |n: usize| String::from_utf8(std::mem::take(&mut pipes[n].borrow_mut().bytes)).unwrap();
    let settle = |fan: &mut Fan<Tap>| (0..8).for_each(|_| fan.turn(sequence.now()));
    let join = |fan: &mut Fan<Tap>, n: usize, claim| {
        let order = order(&["a"], Start::After { position: at(claim), native: false });
        fan.join(order, None, Tap(pipes[n].clone()), sequence.now());
        settle(fan);
    };
    assert_eq!(fan.question(), None, "nobody claims anything");
    join(&mut fan, 0, 50);
    assert_eq!((fan.question(), fan.question()), (Some(1), None));
    join(&mut fan, 1, 60);
    assert_eq!(fan.question(), None, "one question is out");
    fan.answer(1, Some(at(55)));
    settle(&mut fan);
    assert!(!said(0).contains("gap") && !said(1).contains("gap"));
    assert_eq!((fan.question(), fan.question()), (Some(2), None), "the second came after the first question");
    fan.answer(2, Some(at(55)));
    settle(&mut fan);
    assert!(said(1).contains("ahead"), "the store has nothing there");
    assert_eq!(fan.question(), None, "the first waits for what the store is known to have");
    let (topic, name) = (Topic::parse("a").unwrap(), EventName::parse("tick").unwrap());
    for offset in [50, 51] {
        sequence.put(Some(Offset(offset)), &topic, &name, "1");
    }
    settle(&mut fan);
    let first = said(0);
    assert!(first.matches("event: tick").count() == 1 && !first.contains("gap"), "{first}");
    assert_eq!(fan.question(), None);
}
