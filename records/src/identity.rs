//! What a record says, as one number: records that say the same have the same.

use cnsim::event::Record;
use twox_hash::{XxHash3_64, XxHash3_128};

use crate::times::Times;

/// Gives records their identities; keeps the room in which it writes them down.
#[derive(Debug, Default)]
pub struct Identifier {
    bytes: Vec<u8>,
}

impl Identifier {
    /// The 128-bit XXH3 of all that a record says: equal for repeats of a record, and taken for different where records
    /// differ (a collision among 10^9 records has a chance of 10^-21).
    pub fn identify(&mut self, record: &Record<'_>, times: &Times) -> u128 {
        self.bytes.clear();
        let texts = [
            &record.message,
            &record.run_id,
            &record.sender_id,
            &record.receiver_id,
            &record.detail,
            &record.process,
            &record.host,
            &record.protocol,
            &record.condition,
            &record.send_id,
        ];
        texts.iter().for_each(|text| self.add(text.len() as u64));
        // Most are empty, and adding nothing takes as long as adding a few bytes.
        texts.iter().filter(|text| !text.is_empty()).for_each(|text| self.bytes.extend_from_slice(text.as_bytes()));
        for number in [record.received_ns, times.propagation_ns, times.sent_ns, i64::from(hop(record).unwrap_or(-1))] {
            self.add(number as u64);
        }
        self.add(u64::from(record.round) << 32 | u64::from(record.nodes));
        self.add(record.seq.unwrap_or(0));
        self.add(record.bytes.unwrap_or(0));
        self.bytes.push(record.kind as u8);
        self.add_if_known(record);
        XxHash3_128::oneshot(&self.bytes)
    }

    /// What records of format 1 do not say: theirs is the identity that they always had.
    fn add_if_known(&mut self, record: &Record<'_>) {
        if record.incarnation > 0 || record.clock.is_some() {
            self.add(u64::from(record.incarnation));
            self.bytes.extend(record.clock.map(|clock| clock as u8));
        }
        for text in [&record.reason, &record.topic].into_iter().filter(|text| !text.is_empty()) {
            self.add(text.len() as u64);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn add(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// The hash of a copy's name, which is not 0; none where it has no name.
pub fn send_hash(send_id: &str) -> Option<u64> {
    (!send_id.is_empty()).then(|| XxHash3_64::oneshot(send_id.as_bytes()).max(1))
}

/// The number at the end of a copy's name, of the form `sender:epoch:number`; none where it has another.
pub fn send_number(send_id: &str) -> Option<u32> {
    let mut parts = send_id.rsplitn(3, ':');
    let (number, epoch) = (parts.next()?, parts.next()?);
    let is_named = parts.next().is_some() && !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|number| is_named && *number > 0)
}

/// The distance from the initiator; none unknown, as what no network has is.
pub fn hop(record: &Record<'_>) -> Option<i32> {
    record.hop.and_then(|hop| i32::try_from(hop).ok())
}
