//! Chance, from a seed. Each direction has its own, so that how packets of several directions take turns, which nobody can
//! repeat, changes nothing of any one's fate.

use socketscope_protocol::HostName;

/// The chances of all directions.
pub(super) struct Chances {
    seed: u64,
    /// There are two of them in most rooms.
    directions: Vec<(HostName, HostName, Chance)>,
}

impl Chances {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, directions: Vec::new() }
    }

    /// What they began with.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The chance of one direction.
    pub(super) fn of(&mut self, from: &HostName, to: &HostName) -> &mut Chance {
        let is = |(own, other, _): &(HostName, HostName, Chance)| own == from && other == to;
        let at = self.directions.iter().position(is).unwrap_or_else(|| {
            // FNV-1a: the same on every machine, as the seed is to be.
            let bytes = [from.as_str(), "\0", to.as_str()].into_iter().flat_map(str::bytes);
            let name = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            self.directions.push((from.clone(), to.clone(), Chance(self.seed ^ name)));
            self.directions.len() - 1
        });
        &mut self.directions[at].2
    }
}

/// Random numbers from a seed (SplitMix64, Steele et al. 2014): a run can be repeated, on any machine.
pub(super) struct Chance(u64);

impl Chance {
    /// The next number from 0 up to, not including, 1.
    pub(super) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever goes the other way in between.
    #[test]
    fn a_direction_goes_its_own_way() {
        let [one, other] = ["one", "other"].map(|name| HostName::new(name).expect("a name"));
        let (mut alone, mut among) = (Chances::new(7), Chances::new(7));
        let alone: Vec<_> = (0..9).map(|_| alone.of(&one, &other).draw()).collect();
        let among: Vec<_> = (0..9)
            .map(|turn| {
                for _ in 0..turn {
                    among.of(&other, &one).draw();
                }
                among.of(&one, &other).draw()
            })
            .collect();
        assert_eq!(alone, among);
        assert_ne!(alone[0], Chances::new(7).of(&other, &one).draw());
        assert_ne!(alone[0], Chances::new(8).of(&one, &other).draw());
    }
}
