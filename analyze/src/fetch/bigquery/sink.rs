//! The commands that make a log sink for the nodes' records, with the user's names in them.

use super::error::BigQueryError;
use super::spec::DoctorSpec;

/// Where a dataset lies that nothing says more of.
const LOCATION: &str = "US";
/// For how long a partition is kept.
const KEPT_DAYS: u64 = 90;
/// The sink's name.
const SINK: &str = "cnsim-stdout";

/// The commands: a dataset whose partitions expire, the sink, the right to write for it.
pub fn commands(spec: &DoctorSpec) -> Result<String, BigQueryError> {
    let target = spec.target.resolve()?;
    let (project, dataset) = (target.dataset.project(), target.dataset.dataset());
    let location = target.location.as_deref().unwrap_or(LOCATION);
    let namespace = &spec.namespace;
    let expiry = KEPT_DAYS * 24 * 60 * 60;
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    for (flag, name) in [("--location", location), ("--namespace", namespace)] {
        if !is_name(name) {
            return Err(BigQueryError::SinkName { flag, name: name.to_owned() });
        }
    }
    Ok(format!(
        "\
# A dataset; set the expiry before the sink writes, for tables take it when they are made. Here {KEPT_DAYS} days.
bq --project_id={project} --location={location} mk --dataset --default_partition_expiration={expiry} {project}:{dataset}

# The sink: only the nodes' standard output, into one table divided by time.
gcloud logging sinks create {SINK} \\
  bigquery.googleapis.com/projects/{project}/datasets/{dataset} \\
  --project={project} --use-partitioned-tables \\
  --log-filter='resource.type=\"k8s_container\" AND log_id(\"stdout\") AND resource.labels.namespace_name=\"{namespace}\" \
AND labels.\"k8s-pod/app_kubernetes_io/name\"=\"cnsim\"'

# The sink's own account may write into the dataset.
writer=$(gcloud logging sinks describe {SINK} --project={project} --format='value(writerIdentity)')
bq --project_id={project} query --use_legacy_sql=false \\
  \"GRANT \\`roles/bigquery.dataEditor\\` ON SCHEMA \\`{project}.{dataset}\\` TO '$writer'\"
"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::bigquery::target::TargetSpec;

    fn spec(namespace: &str) -> DoctorSpec {
        let target = TargetSpec {
            project: Some("my-study".to_owned()),
            dataset: Some("gke_logs".to_owned()),
            location: Some("EU".to_owned()),
            ..TargetSpec::default()
        };
        DoctorSpec { target, namespace: namespace.to_owned(), max_bytes_billed: 1 }
    }

    #[test]
    fn the_commands_carry_the_user_s_names() {
        insta::assert_snapshot!(commands(&spec("gossip")).unwrap(), @r#"
        # A dataset; set the expiry before the sink writes, for tables take it when they are made. Here 90 days.
        bq --project_id=my-study --location=EU mk --dataset --default_partition_expiration=7776000 my-study:gke_logs

        # The sink: only the nodes' standard output, into one table divided by time.
        gcloud logging sinks create cnsim-stdout \
          bigquery.googleapis.com/projects/my-study/datasets/gke_logs \
          --project=my-study --use-partitioned-tables \
          --log-filter='resource.type="k8s_container" AND log_id("stdout") AND resource.labels.namespace_name="gossip" AND labels."k8s-pod/app_kubernetes_io/name"="cnsim"'

        # The sink's own account may write into the dataset.
        writer=$(gcloud logging sinks describe cnsim-stdout --project=my-study --format='value(writerIdentity)')
        bq --project_id=my-study query --use_legacy_sql=false \
          "GRANT \`roles/bigquery.dataEditor\` ON SCHEMA \`my-study.gke_logs\` TO '$writer'"
        "#);
    }

    #[test]
    fn a_name_that_would_end_a_quotation_is_refused() {
        let error = commands(&spec("a'b")).unwrap_err().to_string();
        assert_eq!(error, "--namespace \"a'b\" cannot be one: it has letters, digits and hyphens");
    }
}
