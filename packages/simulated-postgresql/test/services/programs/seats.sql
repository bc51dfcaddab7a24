CREATE TABLE bookings (id bigserial PRIMARY KEY, show text NOT NULL, seats integer NOT NULL CHECK (seats > 0));
