//! Rounds drawn by deployment, in order without sorting them again.

use cnsim::random::Random;

/// Values in order, and where those of each deployment stand in it.
#[derive(Debug)]
pub(super) struct Drawn {
    values: Vec<f64>,
    places: Vec<Vec<usize>>,
}

impl Drawn {
    /// Of values by deployment, none of which is empty.
    pub(super) fn of(deployments: &[Vec<f64>]) -> Self {
        let rounds = deployments.iter().enumerate().flat_map(|(deployment, rounds)| {
            rounds.iter().enumerate().map(move |(round, value)| (*value, deployment, round))
        });
        let mut rounds: Vec<(f64, usize, usize)> = rounds.collect();
        rounds.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut places: Vec<Vec<usize>> = deployments.iter().map(|rounds| vec![0; rounds.len()]).collect();
        for (place, (_, deployment, round)) in rounds.iter().enumerate() {
            places[*deployment][*round] = place;
        }
        Self { values: rounds.into_iter().map(|(value, ..)| value).collect(), places }
    }

    /// As many deployments as there are, each with as many rounds as it has, all drawn at random; their values, sorted.
    pub(super) fn sorted(&self, random: &mut Random) -> Vec<f64> {
        let mut times = vec![0; self.values.len()];
        let mut count = 0;
        for _ in &self.places {
            let rounds = &self.places[random.below(self.places.len() as u64) as usize];
            rounds.iter().for_each(|_| times[rounds[random.below(rounds.len() as u64) as usize]] += 1);
            count += rounds.len();
        }
        let mut drawn = Vec::with_capacity(count);
        for (value, times) in self.values.iter().zip(times) {
            drawn.extend(std::iter::repeat_n(*value, times));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_what_drawing_and_sorting_gives() {
        let deployments = [vec![3.0, 1.0, f64::INFINITY], vec![-2.0], vec![1.0, 0.5]];
        let drawn = Drawn::of(&deployments);
        for number in 0..50 {
            let random = || Random::keyed(number, &["drawn"]);
            let mut expected = Vec::new();
            let mut draws = random();
            for _ in &deployments {
                let rounds = &deployments[draws.below(3) as usize];
                expected.extend(rounds.iter().map(|_| rounds[draws.below(rounds.len() as u64) as usize]));
            }
            expected.sort_unstable_by(f64::total_cmp);
            assert_eq!(drawn.sorted(&mut random()), expected);
        }
    }
}
