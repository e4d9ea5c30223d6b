# Bucket, images, accounts and templates. Alerts are in alerts.tf, what starts the jobs in schedule.tf.

locals {
  registry = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
  jobs     = toset(["curate", "reprocess"])
  services = toset([
    "artifactregistry.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "dataflow.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
  ])
}

resource "google_project_service" "needed" {
  for_each           = local.services
  service            = each.value
  disable_on_destroy = false
}

resource "google_storage_bucket" "runs" {
  name                        = var.bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = var.temporary_days
      matches_prefix = ["temporary/", "staging/"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 2
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "wellspring"
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.needed]
}

# The workers: they run jobs, read and write the bucket, pull the image and announce held batches. No more.
resource "google_service_account" "worker" {
  account_id   = "wellspring-worker"
  display_name = "Wellspring: workers"
}

resource "google_project_iam_member" "worker_runs_jobs" {
  project = var.project
  role    = "roles/dataflow.worker"
  member  = google_service_account.worker.member
}

resource "google_storage_bucket_iam_member" "worker_uses_bucket" {
  bucket = google_storage_bucket.runs.name
  role   = "roles/storage.objectUser"
  member = google_service_account.worker.member
}

resource "google_artifact_registry_repository_iam_member" "worker_pulls_image" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.worker.member
}

resource "google_pubsub_topic" "held" {
  name       = "wellspring-held"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_member" "worker_announces_held" {
  topic  = google_pubsub_topic.held.name
  role   = "roles/pubsub.publisher"
  member = google_service_account.worker.member
}

# A template is a file in the bucket: image and parameters. `gcloud dataflow flex-template build` writes the same.
resource "google_storage_bucket_object" "template" {
  for_each     = local.jobs
  bucket       = google_storage_bucket.runs.name
  name         = "templates/${each.value}.json"
  content_type = "application/json"
  content = jsonencode({
    image    = "${local.registry}/${each.value}-${var.device}:${var.image_tag}"
    sdkInfo  = { language = "PYTHON" }
    metadata = jsondecode(file("${path.module}/../metadata/${each.value}.json"))
  })
}

output "templates" {
  description = "Paths of the templates, for gcloud dataflow flex-template run."
  value       = { for job, file in google_storage_bucket_object.template : job => "gs://${file.bucket}/${file.name}" }
}

output "registry" {
  description = "Where deploy/cloudbuild.yaml pushes to."
  value       = local.registry
}
