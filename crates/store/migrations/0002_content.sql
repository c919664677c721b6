-- What an inspection read of an artefact beside its facts, and the digest of its weights apart: copies that were relabelled share it.
ALTER TABLE artifacts ADD COLUMN content TEXT NOT NULL DEFAULT '{}';
ALTER TABLE artifacts ADD COLUMN weights TEXT;
CREATE INDEX artifacts_weights ON artifacts (weights, id);
