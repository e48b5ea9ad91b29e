//! How much of the variance of values is inside rounds, between rounds and between deployments.

/// Components of variance, in the square of the values' unit. None where the design cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Components {
    /// Of values inside a round.
    pub within: Option<f64>,
    /// Of rounds inside a deployment.
    pub rounds: Option<f64>,
    /// Of deployments.
    pub deployments: Option<f64>,
}

/// A round's values, as far as their variance needs them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

/// Deployments of rounds of finite values, all at random: the components of the nested analysis of variance of unequal
/// sizes, by equating mean squares with what they are expected to be (Searle, Casella and McCulloch 1992, ch. 5.3). One
/// that comes out below 0 is 0.
pub fn components(deployments: &[Vec<Moments>]) -> Components {
    let is_measured = |rounds: &&Vec<Moments>| !rounds.is_empty();
    let deployments: Vec<&Vec<Moments>> = deployments.iter().filter(is_measured).collect();
    let of_deployment: Vec<Moments> = deployments.iter().map(|rounds| Moments::over(rounds)).collect();
    let all = Moments::over(&of_deployment);
    let rounds: usize = deployments.iter().map(|rounds| rounds.len()).sum();
    let inside: f64 = deployments.iter().copied().flatten().map(|round| round.squares).sum();
    let within = mean_square(inside, all.count - rounds as f64);
    let between_rounds: f64 =
        deployments.iter().zip(&of_deployment).map(|(rounds, deployment)| squares_of_means(rounds, deployment)).sum();
    let rounds_square = mean_square(between_rounds, (rounds - deployments.len()) as f64);
    let deployments_square = mean_square(squares_of_means(&of_deployment, &all), deployments.len() as f64 - 1.0);

    // How often each component is in the mean squares.
    let sizes = |moments: &[Moments]| moments.iter().map(|moments| moments.count * moments.count).sum::<f64>();
    let nested: f64 =
        deployments.iter().zip(&of_deployment).map(|(rounds, deployment)| sizes(rounds) / deployment.count).sum();
    let flat: f64 = deployments.iter().map(|rounds| sizes(rounds)).sum::<f64>() / all.count;
    let freedom = deployments.len() as f64 - 1.0;
    let rounds_in_rounds = (all.count - nested) / (rounds - deployments.len()) as f64;
    let rounds_in_deployments = (nested - flat) / freedom;
    let deployments_in_deployments = (all.count - sizes(&of_deployment) / all.count) / freedom;

    let of_rounds = within.zip(rounds_square).map(|(within, square)| (square - within) / rounds_in_rounds);
    let of_deployments = within.zip(of_rounds).zip(deployments_square).map(|((within, of_rounds), square)| {
        (square - within - rounds_in_deployments * of_rounds) / deployments_in_deployments
    });
    let not_below_zero = |component: f64| component.max(0.0);
    Components { within, rounds: of_rounds.map(not_below_zero), deployments: of_deployments.map(not_below_zero) }
}

fn mean_square(squares: f64, freedom: f64) -> Option<f64> {
    (freedom > 0.0).then(|| squares / freedom)
}

fn squares_of_means(parts: &[Moments], whole: &Moments) -> f64 {
    parts.iter().map(|part| part.count * (part.mean - whole.mean).powi(2)).sum()
}

impl Moments {
    /// Of the values of one round; none of no value.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let mean = sum / count;
        let squares = values.map(|value| (value - mean).powi(2)).sum();
        (count > 0.0).then_some(Self { count, mean, squares })
    }

    fn over(parts: &[Self]) -> Self {
        let count: f64 = parts.iter().map(|part| part.count).sum();
        let mean = parts.iter().map(|part| part.count * part.mean).sum::<f64>() / count;
        Self { count, mean, squares: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{numbers, reference, same};
    use super::*;

    #[test]
    fn the_components_follow_from_the_mean_squares_of_statsmodels() {
        for case in reference("components").as_array().unwrap() {
            let round = |values: &serde_json::Value| Moments::of(numbers(values).into_iter()).unwrap();
            let rounds = |deployment: &serde_json::Value| deployment.as_array().unwrap().iter().map(round).collect();
            let values: Vec<Vec<Moments>> = case["values"].as_array().unwrap().iter().map(rounds).collect();
            let (found, name) = (components(&values), case["name"].as_str().unwrap());
            same(found.within, &case["within"], name);
            same(found.rounds, &case["rounds"], name);
            same(found.deployments, &case["deployments"], name);
        }
    }

    #[test]
    fn what_the_design_cannot_tell_is_none() {
        assert_eq!(components(&[]), Components::default());
        let round = |values: [f64; 2]| Moments::of(values.into_iter());
        assert_eq!(Moments::of([].into_iter()), None);
        assert_eq!(components(&[vec![], vec![Moments::of([3.0].into_iter()).unwrap()]]), Components::default());
        let found = components(&[vec![round([1.0, 3.0]).unwrap()], vec![round([5.0, 9.0]).unwrap()]]);
        assert_eq!(found, Components { within: Some(5.0), rounds: None, deployments: None });
    }
}
