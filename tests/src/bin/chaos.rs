//! Machines that try to break the promise: `cargo xtask chaos`.
//!
//! Reads the words and says how it went; what is done is in `eventwire_tests::chaos`.

use std::process::ExitCode;

use eventwire_tests::chaos::{Attack, Order};

fn main() -> ExitCode {
    let order = match order(lexopt::Parser::from_env()) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("chaos: {error}. `cargo xtask chaos --help` lists what it takes");
            return ExitCode::from(2);
        }
    };
    let tally = order.run();
    println!("chaos {}: {} runs, {} violations", order.attack.name(), tally.runs, tally.violations);
    if tally.violations == 0 && tally.runs > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn order(mut args: lexopt::Parser) -> Result<Order, lexopt::Error> {
    use lexopt::{
        Arg::{Long, Value},
        ValueExt,
    };
    let (mut attack, mut seed, mut sync) = (None, 1, None);
    while let Some(arg) = args.next()? {
        let said = match arg {
            Long("seed") => {
                seed = args.value()?.parse()?;
                continue;
            }
            Long("sync") => {
                sync = Some(args.value()?.parse()?);
                continue;
            }
            Long("seeds") => Attack::Seeds(args.value()?.parse()?),
            Long("kills") => Attack::Kills(args.value()?.parse()?),
            Long("corrupt") => Attack::Corrupt(args.value()?.parse()?),
            Long("cuts") => Attack::Cuts(None),
            Value(count) if attack == Some(Attack::Cuts(None)) => {
                attack = Some(Attack::Cuts(Some(count.parse()?)));
                continue;
            }
            Long("soak") => Attack::Soak(args.value()?.parse()?),
            other => return Err(other.unexpected()),
        };
        if attack.replace(said).is_some() {
            return Err("one attack at a time".into());
        }
    }
    Ok(Order {
        attack: attack.ok_or("say what is to break: --seeds N, --kills N, --corrupt N, --cuts or --soak MINUTES")?,
        seed,
        sync,
    })
}
