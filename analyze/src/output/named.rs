//! Choices of the figures by their names, as they are typed and as files remember them.

use cnsim_charts::{Format, Style, Venue, Width};

/// A choice among a few, each with a name of its own.
pub(crate) trait Named: Copy + Send + Sync + 'static {
    /// All of them, in the order of the help.
    const ALL: &'static [Self];

    /// The name.
    fn name(self) -> &'static str;
}

impl Named for Style {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for Venue {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for Width {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for Format {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.extension()
    }
}

/// Serialises one choice as its name.
pub(super) mod as_name {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Named;

    pub(in crate::output) fn serialize<T: Named, S: Serializer>(choice: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(choice.name())
    }

    pub(in crate::output) fn deserialize<'de, T: Named, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = T::ALL.iter().copied().find(|choice| choice.name() == name);
        found.ok_or_else(|| de::Error::custom(format!("{name:?} is not known to this version")))
    }
}

/// Serialises a list of choices as their names.
pub(super) mod as_names {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Named, as_name};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct One<T: Named>(#[serde(with = "as_name")] T);

    pub(in crate::output) fn serialize<T: Named, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|choice| One(*choice)))
    }

    pub(in crate::output) fn deserialize<'de, T: Named, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        Ok(Vec::<One<T>>::deserialize(deserializer)?.into_iter().map(|One(choice)| choice).collect())
    }
}
