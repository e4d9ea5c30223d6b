variable "project" {
  type        = string
  description = "Project that everything lies in."
}

variable "region" {
  type        = string
  description = "Region of bucket, images and jobs: keep them together, and near the crawl."
  default     = "us-central1"
}

variable "bucket" {
  type        = string
  description = "Name of the bucket for runs, templates and temporary files."
}

variable "image_tag" {
  type        = string
  description = "Tag that deploy/cloudbuild.yaml pushed, such as a commit."
}

variable "device" {
  type        = string
  description = "Which image the jobs run: cpu, or gpu for scoring on one."
  default     = "cpu"
  validation {
    condition     = contains(["cpu", "gpu"], var.device)
    error_message = "device is cpu or gpu."
  }
}

variable "input" {
  type        = string
  description = "What the scheduled job reads; {date} becomes the day of the launch (UTC)."
}

variable "schedule" {
  type        = string
  description = "When it starts, in cron's form, UTC."
  default     = "0 3 * * 1"
}

variable "gate" {
  type        = string
  description = "monitor holds nothing; enforce once a profile was calibrated."
  default     = "monitor"
  validation {
    condition     = contains(["monitor", "enforce"], var.gate)
    error_message = "gate is monitor or enforce."
  }
}

variable "machine_type" {
  type        = string
  description = "Machine of the workers."
  default     = "n2d-standard-4"
}

variable "max_workers" {
  type        = number
  description = "The bound of what a job can cost an hour."
  default     = 20
}

variable "accelerator" {
  type        = string
  description = "GPU of the scoring step alone, with device = gpu."
  default     = "type:nvidia-l4;count:1;install-nvidia-driver"
}

variable "parameters" {
  type        = map(string)
  description = "More parameters of the scheduled job, such as profile or sources; see ../metadata/curate.json."
  default     = {}
}

variable "mix_recipe" {
  type        = string
  description = "gs:// path of the recipe that the mix job draws by."
  default     = ""
}

variable "people" {
  type        = list(string)
  description = "Who gets the alerts: e-mail addresses."
}

variable "held_share_limit" {
  type        = number
  description = "Alert when a run holds (or, under monitor, would hold) more than this share of its batches."
  default     = 0.1
}

variable "rejected_share_limit" {
  type        = number
  description = "Alert when a run rejects more than this share of its records; duplicates aside."
  default     = 0.2
}

variable "data_age_limit_hours" {
  type        = number
  description = "Alert when the newest document of a run is older than this at the run's end."
  default     = 1080 # a crawl a month, and two weeks
}

variable "temporary_days" {
  type        = number
  description = "After so many days temporary files are deleted."
  default     = 14
}
