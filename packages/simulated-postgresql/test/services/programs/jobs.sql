CREATE TABLE jobs (
  id bigserial PRIMARY KEY,
  address text NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'done')),
  queued_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX jobs_queued ON jobs (id) WHERE status = 'queued';

CREATE TABLE mails (id bigserial PRIMARY KEY, job_id bigint NOT NULL REFERENCES jobs (id), address text NOT NULL);
