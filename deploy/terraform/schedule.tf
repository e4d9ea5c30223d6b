# What starts jobs: a schedule for curate, and a job of Cloud Run for mix.

resource "google_service_account" "launcher" {
  account_id   = "wellspring-launcher"
  display_name = "Wellspring: starts jobs"
}

resource "google_project_iam_member" "launcher_starts_jobs" {
  project = var.project
  role    = "roles/dataflow.developer"
  member  = google_service_account.launcher.member
}

resource "google_service_account_iam_member" "launcher_acts_as_worker" {
  service_account_id = google_service_account.worker.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.launcher.member
}

resource "google_storage_bucket_iam_member" "launcher_reads_template" {
  bucket = google_storage_bucket.runs.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.launcher.member
  condition {
    title      = "templates"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.runs.name}/objects/templates/\")"
  }
}

resource "google_cloud_scheduler_job" "curate" {
  name      = "wellspring-curate"
  region    = var.region
  schedule  = var.schedule
  time_zone = "Etc/UTC"
  # A launch that failed is for a person to look at: a second one would find the first one's folder.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = "https://dataflow.googleapis.com/v1b3/projects/${var.project}/locations/${var.region}/flexTemplates:launch"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(jsonencode({
      launchParameter = {
        # One name: while a job of it runs, Dataflow refuses a second one.
        jobName              = "wellspring-curate"
        containerSpecGcsPath = "gs://${google_storage_bucket.runs.name}/${google_storage_bucket_object.template["curate"].name}"
        parameters = merge(
          {
            input      = var.input
            output     = "gs://${google_storage_bucket.runs.name}/runs/{date}"
            gate       = var.gate
            hold_topic = google_pubsub_topic.held.id
          },
          var.device == "gpu" ? { scorer_accelerator = var.accelerator } : {},
          var.parameters,
        )
        environment = {
          serviceAccountEmail   = google_service_account.worker.email
          tempLocation          = "gs://${google_storage_bucket.runs.name}/temporary"
          stagingLocation       = "gs://${google_storage_bucket.runs.name}/staging"
          machineType           = var.machine_type
          maxWorkers            = var.max_workers
          ipConfiguration       = "WORKER_IP_PRIVATE"
          additionalExperiments = var.device == "gpu" ? ["no_use_multiple_sdk_containers"] : []
        }
      }
    }))
    oauth_token {
      service_account_email = google_service_account.launcher.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_project_service.needed]
}

# mix counts, plans and then draws: two Dataflow jobs. A flex template's launcher makes one graph and ends, so this one
# is the same image as a job of Cloud Run, which waits for both. Start it with `gcloud run jobs execute wellspring-mix`.
resource "google_cloud_run_v2_job" "mix" {
  count    = var.mix_recipe == "" ? 0 : 1
  name     = "wellspring-mix"
  location = var.region

  template {
    template {
      service_account = google_service_account.mixer.email
      timeout         = "86400s"
      max_retries     = 0
      containers {
        image   = "${local.registry}/mix-cpu:${var.image_tag}"
        command = ["python", "/template/main.py"]
        args = [
          "--recipe=${var.mix_recipe}",
          "--output=gs://${google_storage_bucket.runs.name}/sets/{date}",
          "--runner=DataflowRunner",
          "--project=${var.project}",
          "--region=${var.region}",
          "--temp_location=gs://${google_storage_bucket.runs.name}/temporary",
          "--staging_location=gs://${google_storage_bucket.runs.name}/staging",
          "--service_account_email=${google_service_account.worker.email}",
          "--no_use_public_ips",
          "--max_num_workers=${var.max_workers}",
        ]
        resources {
          limits = { cpu = "2", memory = "8Gi" }
        }
      }
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_service_account" "mixer" {
  account_id   = "wellspring-mixer"
  display_name = "Wellspring: plans a mix and starts its jobs"
}

resource "google_project_iam_member" "mixer_starts_jobs" {
  project = var.project
  role    = "roles/dataflow.developer"
  member  = google_service_account.mixer.member
}

resource "google_service_account_iam_member" "mixer_acts_as_worker" {
  service_account_id = google_service_account.worker.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.mixer.member
}

resource "google_storage_bucket_iam_member" "mixer_uses_bucket" {
  bucket = google_storage_bucket.runs.name
  role   = "roles/storage.objectUser"
  member = google_service_account.mixer.member
}
