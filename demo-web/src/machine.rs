//! This machine's vital signs, five times a second, and its traffic twenty times a second. All real, nothing staged.

use crate::publisher::Publisher;
use eventwire_demo::{Cpu, Demo, Disk, Disks, Memory, Network, Process, Processes, Sensor, Temperatures, Traffic, now};
use std::time::Duration;
use sysinfo::{Components, Networks, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::time::{MissedTickBehavior, interval};

/// How many of the busiest processes are told.
const BUSIEST: usize = 8;

/// Publishes the newest readings for ever: `host.**`. An error says what this machine does not tell.
pub(crate) async fn vital_signs(publisher: Publisher) -> Result<(), sysinfo::Error> {
    let (mut system, mut networks) = (System::new()?, Networks::new_with_refreshed_list()?);
    let mut disks = sysinfo::Disks::new_with_refreshed_list()?;
    // Most machines without sensors say so with an empty list, a few with an error.
    let mut sensors = Components::new_with_refreshed_list().ok();
    let every = Duration::from_millis(200);
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        tick.tick().await;
        system.refresh_cpu_usage();
        system.refresh_memory();
        networks.refresh(true);
        disks.refresh(true);
        let at = now();
        let cores = system.cpus().iter().map(sysinfo::Cpu::usage).collect();
        publisher.latest("host.cpu", &Demo::Cpu(Cpu { at, cores }));
        let (used, total) = (system.used_memory() as f64, system.total_memory() as f64);
        publisher.latest("host.memory", &Demo::Memory(Memory { at, used, total }));
        let (received, sent) = counted(&networks);
        let second = 1.0 / every.as_secs_f64();
        let network = Network { at, received: received * second, sent: sent * second };
        publisher.latest("host.network", &Demo::Network(network));
        publisher.latest("host.disks", &Demo::Disks(Disks { at, disks: mounted(&disks) }));
        if let Some(sensors) = &mut sensors {
            sensors.refresh(false);
        }
        let sensors: Vec<Sensor> = sensors
            .iter()
            .flat_map(|sensors| sensors.iter())
            .filter_map(|s| s.temperature().map(|celsius| Sensor { label: s.label().to_owned(), celsius }))
            .filter(|s| s.celsius.is_finite())
            .collect();
        if !sensors.is_empty() {
            publisher.latest("host.temperatures", &Demo::Temperatures(Temperatures { at, sensors }));
        }
        // The list of processes is the dearest to read: once a second.
        if round % 5 == 0 {
            let busiest = busiest(&mut system);
            publisher.latest("host.processes", &Demo::Processes(Processes { at, busiest }));
        }
    }
    Ok(())
}

/// Publishes every sample of what went over the network, twenty times a second: `log.traffic`.
pub(crate) async fn traffic(publisher: Publisher) -> Result<(), sysinfo::Error> {
    let mut networks = Networks::new_with_refreshed_list()?;
    let mut tick = interval(Duration::from_millis(50));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        networks.refresh(false);
        let (received, sent) = counted(&networks);
        publisher.every("log.traffic", |n| Demo::Traffic(Traffic { n, received, sent })).await;
    }
}

fn counted(networks: &Networks) -> (f64, f64) {
    networks.values().fold((0.0, 0.0), |(received, sent), data| {
        (received + data.received() as f64, sent + data.transmitted() as f64)
    })
}

fn mounted(disks: &sysinfo::Disks) -> Vec<Disk> {
    let mut list: Vec<Disk> = disks
        .iter()
        .filter(|disk| disk.total_space() > 0)
        .map(|disk| Disk {
            mount: disk.mount_point().display().to_string(),
            used: (disk.total_space() - disk.available_space().min(disk.total_space())) as f64,
            total: disk.total_space() as f64,
        })
        .collect();
    // Containers mount one file system in several places; its sizes give it away.
    list.sort_by(|a, b| a.mount.len().cmp(&b.mount.len()).then_with(|| a.mount.cmp(&b.mount)));
    list.dedup_by(|a, b| a.total == b.total && a.used == b.used);
    list.truncate(4);
    list
}

fn busiest(system: &mut System) -> Vec<Process> {
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    let mut list: Vec<Process> = system
        .processes()
        .values()
        .map(|p| Process {
            pid: p.pid().as_u32(),
            name: p.name().to_string_lossy().into_owned(),
            cpu: p.cpu_usage(),
            memory: p.memory() as f64,
        })
        .collect();
    list.sort_by(|a, b| b.cpu.total_cmp(&a.cpu));
    list.truncate(BUSIEST);
    list
}
