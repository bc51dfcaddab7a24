CREATE TABLE counted (migrations integer NOT NULL);
INSERT INTO counted (migrations) VALUES (0);
