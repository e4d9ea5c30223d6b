# A run says at its end, in one line of JSON in the workers' log, what became of it (transforms/runs/run_log.py):
#   {"event":"run_finished","run":"gs://...","batches":..,"held_share":..,"rejected_share":..,"data_age_hours":..}
# Shares and ages are read from that line: a share in a run's own counters would not outlive the job.

locals {
  finished = "resource.type=\"dataflow_step\" AND jsonPayload.message=~\"\\\"event\\\":\\\"run_finished\\\"\""
  figures = {
    held_share     = { unit = "1", about = "share of a run's batches that are held, or would be under monitor", limit = var.held_share_limit }
    rejected_share = { unit = "1", about = "share of a run's records that are rejected, duplicates aside", limit = var.rejected_share_limit }
    data_age_hours = { unit = "h", about = "age of a run's newest document when the run ended", limit = var.data_age_limit_hours }
  }
}

resource "google_monitoring_notification_channel" "people" {
  for_each     = toset(var.people)
  display_name = "Wellspring: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_logging_metric" "figure" {
  for_each        = local.figures
  name            = "wellspring/${each.key}"
  description     = each.value.about
  filter          = local.finished
  value_extractor = "REGEXP_EXTRACT(jsonPayload.message, \"\\\"${each.key}\\\":([0-9.]+)\")"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 64
      growth_factor      = 1.25
      scale              = 0.001
    }
  }
}

resource "google_monitoring_alert_policy" "figure" {
  for_each              = local.figures
  display_name          = "Wellspring: ${each.key} above ${each.value.limit}"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.people : channel.id]
  conditions {
    display_name = each.value.about
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.figure[each.key].name}\" AND resource.type=\"dataflow_step\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.limit
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_MEAN"
      }
    }
  }
  documentation {
    mime_type = "text/markdown"
    content   = "See \"When it breaks\" in deploy/README.md. The run's folder stands in the log line that raised this."
  }
}

resource "google_monitoring_alert_policy" "failed" {
  display_name          = "Wellspring: a job failed"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.people : channel.id]
  conditions {
    display_name = "a Dataflow job of ours failed"
    condition_threshold {
      filter          = "metric.type=\"dataflow.googleapis.com/job/is_failed\" AND resource.type=\"dataflow_job\" AND resource.label.job_name=starts_with(\"wellspring-\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
}

# A condition on a log line stands alone in its policy: Cloud Monitoring allows no other beside it.
resource "google_monitoring_alert_policy" "not_started" {
  display_name          = "Wellspring: the schedule could not start its job"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.people : channel.id]
  conditions {
    display_name = "the launch was refused"
    condition_matched_log {
      filter = "resource.type=\"cloud_scheduler_job\" AND resource.labels.job_id=\"${google_cloud_scheduler_job.curate.name}\" AND severity>=ERROR"
    }
  }
  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }
}
