CREATE TABLE runs (job text NOT NULL);
